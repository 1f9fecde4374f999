import CLinux
import Glibc
import NIOCore
import NIOPosix
import Scopes
import SerialPort
import Support
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SerialPortTests {
    private let threads = NIOThreadPool.singleton
    private let loop = MultiThreadedEventLoopGroup.singleton.any()

    private func open(_ path: String, _ change: (inout SerialPortConfiguration) -> Void = { _ in }) async throws
        -> SerialPort
    {
        var configuration = SerialPortConfiguration(path: path, lockDirectory: "/nonexistent")
        change(&configuration)
        return try await SerialPort.open(configuration, threads: threads)
    }

    private func collector(on port: SerialPort) async throws -> (EventCollector, any Channel) {
        let collector = EventCollector()
        let channel = try await port.makeChannel(on: loop) { channel in
            try channel.pipeline.syncOperations.addHandler(collector)
        }
        return (collector, channel)
    }

    // MARK: Octets and settings

    @Test func everyOctetPassesUnchangedBothWays() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        let (collector, channel) = try await collector(on: port)
        let all = (0...255).map { UInt8($0) } + Array("\r\n\r\r\n\u{3}\u{1A}\u{11}\u{13}".utf8)
        pty.write(all)
        #expect(await collector.octets(all.count) == all)
        try await channel.writeAndFlush(ByteBuffer(bytes: all))
        #expect(pty.read(all.count) == all)
        _ = await port.close()
    }

    @Test func octetsThatWereThereBeforeTheChannelReachTheFirstHandler() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        pty.write(Array("RDY\r\n".utf8))
        let (collector, _) = try await collector(on: port)
        #expect(await collector.octets(5) == Array("RDY\r\n".utf8))
        _ = await port.close()
    }

    @Test(arguments: [50, 9_600, 115_200, 123_457, 921_600, 3_000_000])
    func anyRateIsSet(baud: Int) async throws {
        let pty = try Pty()
        let port = try await open(pty.path) { $0.baud = baud }
        #expect(pty.settings.output_speed == UInt32(baud))
        #expect(pty.settings.input_speed == UInt32(baud))
        _ = await port.close()
    }

    @Test(arguments: [0, 49, 12_000_001, -1, Int.max])
    func aRateOutsideTheRangeIsRefusedAndLeavesNothingBehind(baud: Int) async throws {
        let pty = try Pty()
        let locks = try Directory()
        let before = pty.settings
        await #expect(throws: SerialPortError.baudRefused(path: pty.path, asked: baud, actual: nil)) {
            _ = try await open(pty.path) {
                $0.baud = baud
                $0.lockDirectory = locks.path
            }
        }
        #expect(clinux_line_settings_equal(pty.settings, before))
        #expect(locks.names == [])
        #expect(clinux_line_is_exclusive(pty.near) == 0)
        _ = await (try await open(pty.path)).close()
    }

    @Test func hardwareHandshakeOnlyOnRequest() async throws {
        let pty = try Pty()
        let plain = try await open(pty.path)
        #expect(!clinux_line_settings_have_rts_cts(pty.settings))
        _ = await plain.close()
        let guarded = try await open(pty.path) { $0.flowControl = .rtsCts }
        #expect(clinux_line_settings_have_rts_cts(pty.settings))
        #expect(guarded.notes.allSatisfy { !$0.contains("RTS") })
        _ = await guarded.close()
    }

    @Test func closingRestoresTheSettings() async throws {
        let pty = try Pty()
        let before = pty.settings
        let port = try await open(pty.path) {
            $0.baud = 57_600
            $0.flowControl = .rtsCts
        }
        #expect(!clinux_line_settings_equal(pty.settings, before))
        let steps = await port.close()
        #expect(clinux_line_settings_equal(pty.settings, before))
        #expect(steps.allSatisfy { $0.isClean })
        #expect(steps.map(\.name) == ["line settings", "line locks", "line"])
    }

    @Test func closingKeepsTheLinesUnlessToldOtherwise() async throws {
        let pty = try Pty()
        #expect(clinux_line_settings_apply(pty.near, clinux_line_settings_with_hang_up(pty.settings, true)) == 0)
        _ = await (try await open(pty.path)).close()
        #expect(!clinux_line_settings_have_hang_up(pty.settings))
        _ = await (try await open(pty.path) { $0.hangUpOnClose = true }).close()
        #expect(clinux_line_settings_have_hang_up(pty.settings))
    }

    // MARK: Closing

    @Test func closingDoesNotWaitForOutputThatNobodyReads() async throws {
        let pty = try Pty()
        let port = try await open(pty.path) { $0.flowControl = .rtsCts }
        let (_, channel) = try await collector(on: port)
        // More than a pty holds: a part stays in the channel, and the far end never reads.
        channel.writeAndFlush(ByteBuffer(repeating: 0x55, count: 1_000_000), promise: nil)
        try await channel.eventLoop.submit {}.get()
        let steps = await port.close(limit: .seconds(20))
        #expect(steps.allSatisfy { $0.isClean })
        #expect(steps.map(\.duration).reduce(.zero, +) < .seconds(5))
    }

    @Test func closingTwiceAtOnceClosesOnce() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        _ = try await collector(on: port)
        async let one = port.close()
        async let other = port.close()
        let (first, second) = await (one, other)
        #expect(first == second)
        #expect(first == (await port.close()))
        #expect(first.map(\.name) == ["line channel", "line settings", "line locks", "line"])
    }

    @Test func closingFromACancelledTaskReleasesAll() async throws {
        let pty = try Pty()
        let before = pty.settings
        try await withScope {
            try await open(pty.path)
        } close: { port in
            let steps = await port.close()
            #expect(steps.allSatisfy { $0.isClean })
        } body: { _ in
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        }
        #expect(clinux_line_settings_equal(pty.settings, before))
    }

    @Test func aClosedPortMakesNoChannelAndHasNoLines() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        _ = await port.close()
        await #expect(throws: SerialPortError.closed(path: pty.path)) {
            _ = try await port.makeChannel(on: loop) { _ in }
        }
        await #expect(throws: SerialPortError.closed(path: pty.path)) { _ = try await port.lines.states() }
    }

    @Test func closingHereIsNoHangUp() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        let (collector, _) = try await collector(on: port)
        _ = await port.close()
        #expect(await collector.rest() == [.inactive])
    }

    @Test func aChannelThatClosedCanBeMadeAnew() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        let (_, first) = try await collector(on: port)
        try await first.close()
        let (collector, _) = try await collector(on: port)
        pty.write([0x41])
        #expect(await collector.octets(1) == [0x41])
        _ = await port.close()
    }

    @Test func aFailingInitializerLeavesThePortUsable() async throws {
        struct Refused: Error {}
        let pty = try Pty()
        let port = try await open(pty.path)
        await #expect(throws: SerialPortError.self) {
            _ = try await port.makeChannel(on: loop) { _ in throw Refused() }
        }
        let (collector, _) = try await collector(on: port)
        pty.write([0x42])
        #expect(await collector.octets(1) == [0x42])
        _ = await port.close()
    }

    // MARK: Hang-up

    @Test func aPulledPlugIsUnplugged() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        let (collector, channel) = try await collector(on: port)
        pty.hangUp()
        let events = await collector.rest()
        #expect(events == [.unplugged, .inactive])
        #expect(!channel.isActive)
        let steps = await port.close()
        #expect(steps.allSatisfy { $0.isClean })
    }

    @Test func writingToALineThatIsGoneIsUnplugged() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        let (collector, channel) = try await collector(on: port)
        pty.hangUp()
        await #expect(throws: (any Error).self) {
            for _ in 0..<1_000 { try await channel.writeAndFlush(ByteBuffer(string: "AT\r")) }
        }
        let events = await collector.rest()
        #expect(events == [.unplugged, .inactive])
        #expect(await port.close().allSatisfy { $0.isClean })
    }

    @Test func aHangUpBeforeTheChannelIsUnplugged() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        pty.hangUp()
        let (collector, _) = try await collector(on: port)
        #expect(await collector.rest() == [.unplugged, .inactive])
        #expect(await port.close().allSatisfy { $0.isClean })
    }

    // MARK: What is no line

    @Test func whatIsNoSerialLineIsSaidSo() async throws {
        let directory = try Directory()
        directory.write("text", to: "file")
        for path in ["\(directory.path)/file", directory.path, "/dev/null"] {
            await #expect(throws: SerialPortError.notATerminal(path: path)) { _ = try await open(path) }
        }
        let absent = "\(directory.path)/ttyUSB9"
        await #expect(throws: SerialPortError.notFound(path: absent)) { _ = try await open(absent) }
    }

    @Test func aPtyHasNoModemLines() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        #expect(try await port.lines.states() == nil)
        #expect(try await port.lines.set(dtr: false, rts: nil) == false)
        _ = await port.close()
    }
}
