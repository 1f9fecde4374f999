import ByteStreams
import NIOCore
import Scopes
import Synchronization

/// A stream with the replies' parser on it: runs one flight at a time, writing and reading at the same time, so that
/// neither waits for the other (RFC 2920 §3.1).
final class SMTPWire: Sendable {
    /// Octets of one write of a bulk message: four full TLS records.
    static let writeOctets = 65_536
    /// How long the reader may still look for the server's last words after the writer failed.
    private static let lastWords = Duration.seconds(5)

    let stream: any ByteStream
    private let isProtected: Bool
    private let clock: any Clock<Duration>
    private let finishWhenLeft: Int
    private let observe: @Sendable (SMTPEvent) -> Void
    private let redaction: Redaction
    private let parser: Mutex<ReplyParser>

    init(
        _ stream: any ByteStream, isProtected: Bool, clock: any Clock<Duration>, finishWhenLeft: Int,
        redaction: Redaction = .none, observe: @escaping @Sendable (SMTPEvent) -> Void
    ) {
        self.redaction = redaction
        parser = Mutex(ReplyParser(redaction: redaction))
        self.stream = stream
        self.isProtected = isProtected
        self.clock = clock
        self.finishWhenLeft = finishWhenLeft
        self.observe = observe
    }

    /// Whether octets were read that belong to no reply so far.
    var hasSurplus: Bool { parser.withLock { !$0.isEmpty } }

    func run(_ flight: Flight) async -> FlightResult {
        if let failure = unaskedReply(before: flight) { return FlightResult(failure: failure, isBroken: true) }
        return await run(flight, clock)
    }

    /// What has come before anybody asked would be taken for the answer to the next command, and each later answer for that of
    /// the one behind it. 421 may come at any time (RFC 5321 §3.8).
    private func unaskedReply(before flight: Flight) -> SMTPError? {
        guard hasSurplus else { return nil }
        do throws(SMTPError) {
            guard let reply = try takeReply() else { return .unaskedReply("a part of a line") }
            let step = flight.expected.first ?? .quit
            let words = redaction.redacted(reply, at: step)
            return reply.code == 421 ? .refused(step, words) : .unaskedReply(words.description)
        } catch {
            return error
        }
    }

    /// Waits for one more reply, for at most `limit`, and ignores whatever comes.
    func awaitFarewell(_ limit: Duration) async {
        _ = try? await withDeadline(limit, clock: clock) { try await self.nextReply(.quit) }
    }

    private enum Part: Sendable {
        case writer(SMTPError?)
        case reader(SMTPError?)
        /// The limit became shorter with a reply: the reader goes on at this entry of the table, beside a new watch.
        case hastened(next: Int)
        case watchdog(Duration?)
    }

    private func run<C: Clock<Duration>>(_ flight: Flight, _ clock: C) async -> FlightResult {
        let record = FlightRecord(flight)
        let watchdog = Watchdog(clock: clock, limit: record.limit)
        await withTaskGroup(of: Part.self) { group in
            group.addTask { .writer(await self.write(flight, record, watchdog)) }
            group.addTask { await self.read(flight, from: 0, record, watchdog) }
            group.addTask { .watchdog(await watchdog.run()) }
            while let part = await group.next() {
                switch part {
                case .writer(let failure):
                    guard record.writerEnded(failure) else {
                        group.cancelAll()
                        break
                    }
                    watchdog.expect(within: failure == nil ? record.limit : Self.lastWords)
                    group.addTask { .watchdog(await watchdog.run()) }
                case .reader(let failure):
                    if record.readerEnded(failure, finishWhenLeft: self.finishWhenLeft) { group.cancelAll() }
                case .hastened(let next):
                    group.addTask { .watchdog(await watchdog.run()) }
                    group.addTask { await self.read(flight, from: next, record, watchdog) }
                case .watchdog(let limit?):
                    record.timedOut(limit)
                    group.cancelAll()
                case .watchdog(nil):
                    break
                }
            }
        }
        return record.result
    }
}

// MARK: - Reading

extension SMTPWire {
    private func read<C>(
        _ flight: Flight, from start: Int, _ record: FlightRecord, _ watchdog: Watchdog<C>
    ) async -> Part {
        do throws(SMTPError) {
            for (index, step) in flight.expected.enumerated().dropFirst(start) {
                let reply = try await nextReply(step)
                guard !reply.isOutOfStep(at: step), record.mayBeAnswered(by: reply, step) else {
                    throw .unexpectedReply(step, reply)
                }
                record.received(reply)
                let isEarlier = watchdog.expect(within: record.limit)
                if reply.code == 421 { return .reader(.refused(step, reply)) }
                if record.isUseless(finishWhenLeft: finishWhenLeft) { return .reader(nil) }
                if isEarlier { return .hastened(next: index + 1) }
            }
            return .reader(nil)
        } catch {
            return .reader(error)
        }
    }

    private func nextReply(_ step: SMTPStep) async throws(SMTPError) -> Reply {
        while true {
            if let received = try takeReply() {
                let reply = redaction.redacted(received, at: step)
                // What stands in a challenge of AUTH is of no use to a reader, and may be of use to others.
                observe(.received(reply.code == 334 ? "334 <redacted>" : reply.description))
                return reply
            }
            let octets: ByteBuffer?
            do {
                octets = try await stream.read(atMost: 4096)
            } catch {
                throw .stream(error, step)
            }
            guard let octets else { throw .endedEarly(step) }
            parser.withLock { $0.append(octets) }
        }
    }

    private func takeReply() throws(SMTPError) -> Reply? {
        let result = parser.withLock { parser in
            Result { () throws(SMTPError) in try parser.next() }
        }
        return try result.get()
    }
}

// MARK: - Writing

extension SMTPWire {
    private func write<C>(_ flight: Flight, _ record: FlightRecord, _ watchdog: Watchdog<C>) async -> SMTPError? {
        var output = ByteBuffer()
        var given = 0
        do throws(SMTPError) {
            for item in flight.items {
                switch item {
                case .line(let line):
                    output.writeImmutableBuffer(line.octets)
                    observe(.sent(line.redacted))
                case .body(let body):
                    observe(.sent("<\(body.message.octets) octets of message>"))
                    try await write(body, of: flight.bodyOctets, &given, &output, record, watchdog)
                }
            }
            if flight.endsWithQuit {
                SMTPCommand.quit.write(into: &output)
                observe(.sent(SMTPCommand.quit.redacted))
            }
            try await writeEnd(&output, record, watchdog)
            if flight.bodies > 0 { observe(.progress(octets: flight.bodyOctets, of: flight.bodyOctets)) }
            return nil
        } catch {
            return error
        }
    }

    /// Passes the body on in pieces of `writeOctets`, and leaves its end in `output`, to go with what follows.
    ///
    /// - Parameters:
    ///   - total: octets of all bodies of the flight.
    ///   - given: those that their readers have given so far.
    private func write<C>(
        _ body: Flight.Body, of total: Int, _ given: inout Int, _ output: inout ByteBuffer, _ record: FlightRecord,
        _ watchdog: Watchdog<C>
    ) async throws(SMTPError) {
        var encoder = TransparencyEncoder()
        let announced = body.message.octets
        let before = given
        do {
            var reader = try await body.message.reader()
            while let octets = try await reader.next() {
                given += octets.readableBytes
                guard given - before <= announced else { break }
                if body.isChunk {
                    output.writeImmutableBuffer(octets)
                } else {
                    encoder.encode(octets, into: &output)
                }
                while output.readableBytes > Self.writeOctets, var piece = output.readSlice(length: Self.writeOctets) {
                    try await writeAll(&piece, record, watchdog)
                    record.left(total - given + output.readableBytes)
                    observe(.progress(octets: max(0, given - output.readableBytes), of: total))
                }
                output.discardReadBytes()
            }
        } catch {
            throw SMTPError(underlying: error, at: .message)
        }
        guard given - before == announced else {
            throw .messageChanged(announced: announced, given: given - before)
        }
        if !body.isChunk { encoder.finish(into: &output) }
    }

    /// From the first call on, the server may get the last octet, whatever the link says of it. Only TLS tells for certain:
    /// what it has not taken was never made a record.
    private func writeEnd<C>(
        _ octets: inout ByteBuffer, _ record: FlightRecord, _ watchdog: Watchdog<C>
    ) async throws(SMTPError) {
        let count = octets.readableBytes
        record.offeringLastOctet(true)
        do throws(SMTPError) {
            try await writeAll(&octets, record, watchdog)
        } catch {
            if isProtected, octets.readableBytes == count { record.offeringLastOctet(false) }
            throw error
        }
    }

    private func writeAll<C>(
        _ octets: inout ByteBuffer, _ record: FlightRecord, _ watchdog: Watchdog<C>
    ) async throws(SMTPError) {
        while octets.readableBytes > 0 {
            do {
                try await stream.write(&octets)
            } catch {
                throw .stream(error, record.step)
            }
            watchdog.progress()
        }
    }
}
