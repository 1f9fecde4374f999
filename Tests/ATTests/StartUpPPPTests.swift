import NIOCore
import Support
import Testing

@testable import AT

/// A line on which an earlier run left a PPP call (RFC 1661, RFC 1662): the far end is played octet by octet.
@Suite struct StartUpPPPTests {
    /// LCP Echo-Request, identifier 1, magic number 0x00112233, as a peer sends it with the default map.
    static let echoRequest = frame([0xC0, 0x21, 9, 1, 0, 8, 0x00, 0x11, 0x22, 0x33])
    static let configureRequest = frame([0xC0, 0x21, 1, 7, 0, 4])
    static let terminateAck = frame([0xC0, 0x21, 6, 0xFE, 0, 4])
    /// The header of an IPv4 packet behind a compressed protocol field and no address.
    static let compressedPacket: [UInt8] = [0x7E, 0x21, 0x45, 0x00, 0x00, 0x28, 0x00, 0x01, 0x7E]

    /// RFC 1662: FCS-16 by its shift register (appendix C.2), octets below 0x20 and the flag and escape escaped.
    static func frame(_ content: [UInt8]) -> [UInt8] {
        let body: [UInt8] = [0xFF, 0x03] + content
        var register: UInt16 = 0xFFFF
        for octet in body {
            register ^= UInt16(octet)
            for _ in 0..<8 { register = register & 1 == 1 ? (register >> 1) ^ 0x8408 : register >> 1 }
        }
        let check = register ^ 0xFFFF
        let escaped = (body + [UInt8(check & 0xFF), UInt8(check >> 8)]).flatMap { octet -> [UInt8] in
            octet < 0x20 || octet == 0x7D || octet == 0x7E ? [0x7D, octet ^ 0x20] : [octet]
        }
        return [0x7E] + escaped + [0x7E]
    }

    private func started(limit: TimeAmount = .seconds(15)) -> EngineRun {
        var run = EngineRun()
        run.handle(.synchronise(limit: limit))
        return run
    }

    private func report(_ run: EngineRun) -> StartUpReport? {
        guard run.synchronised.count == 1, case .success(let report) = run.synchronised[0] else { return nil }
        return report
    }

    /// What the engine writes when its deadline comes, as octets.
    private func octetsAtDeadline(_ run: inout EngineRun) -> [UInt8] {
        run.now = run.engine.deadline ?? run.now
        return run.engine.handle(.deadlinePassed, now: run.now).flatMap { action -> [UInt8] in
            if case .write(let octets) = action { Array(octets.readableBytesView) } else { [] }
        }
    }

    @Test(arguments: [echoRequest, configureRequest, compressedPacket])
    func aLinkIsAskedToEndAndItsModemSaysSo(frame: [UInt8]) {
        for words in ["NO CARRIER", "OK"] {
            var run = started()
            run.handle(.received(ByteBuffer(bytes: frame)))
            #expect(octetsAtDeadline(&run) == Self.frame([0xC0, 0x21, 5, 0xFE, 0, 4]))
            run.written = []
            run.handle(.received(ByteBuffer(bytes: Self.terminateAck)))
            run.pass(.seconds(3))
            #expect(run.takeWritten().isEmpty)
            run.receive("\r\n\(words)\r\n")
            #expect(run.written.count == 1)
            run.answerLast()
            #expect(report(run)?.findings == [.ppp], "\(words)")
        }
    }

    @Test func aLinkThatDoesNotAnswerIsEscapedAndHungUp() {
        var run = started()
        run.handle(.received(ByteBuffer(bytes: Self.echoRequest)))
        run.pass(.milliseconds(500 + 1_000))
        _ = run.takeWritten()
        run.pass(.milliseconds(1_100))
        #expect(run.takeWritten() == ["+++"])
        // Frames are under way until the modem has understood.
        run.handle(.received(ByteBuffer(bytes: Self.echoRequest)))
        run.receive("\r\nOK\r\n")
        #expect(run.takeWritten() == ["ATH\r"])
        run.receive("\r\nNO CARRIER\r\n")
        run.answerLast()
        #expect(report(run)?.findings == [.ppp])
    }

    @Test func aSilentCallIsHungUpToo() {
        var run = started()
        run.pass(.milliseconds(500 + 500 + 1_100))
        #expect(run.takeWritten().last == "+++")
        run.receive("\r\nOK\r\n")
        #expect(run.takeWritten() == ["ATH\r"])
        run.receive("\r\nOK\r\n")
        run.answerLast()
        #expect(report(run)?.findings == [.dataMode])
    }

    @Test func aModemThatKnowsNoEscapeIsFreedByItsLink() {
        var run = started(limit: .seconds(30))
        var wasAsked = false
        while run.synchronised.isEmpty, !wasAsked {
            wasAsked = octetsAtDeadline(&run).starts(with: Self.frame([0xC0, 0x21, 5, 0xFE, 0, 4]))
        }
        #expect(wasAsked)
        run.receive("\r\nNO CARRIER\r\n")
        run.answerLast()
        #expect(report(run)?.findings.contains(.ppp) == true)
    }

    @Test func aCallThatCannotBeLeftIsSaid() {
        var run = started()
        while run.synchronised.isEmpty {
            run.handle(.received(ByteBuffer(bytes: Self.echoRequest)))
            run.pass(.milliseconds(400))
        }
        guard case .failure(.babbling(let words)) = run.synchronised[0] else { return #expect(Bool(false)) }
        #expect(words.contains("PPP"))
        #expect(run.engine.deadline == nil)
    }

    @Test(arguments: ["~ welcome ~ home ~\r\n", "~~~~~~~~~~\r\n", "a~b ~!x ~@\r\n"])
    func tildesOfTextAreNoFrames(text: String) {
        var watch = FrameWatch()
        for octet in text.utf8 { watch.take(octet) }
        #expect(watch.frames == 0)
    }

    @Test func framesAreSeenWhereverTheyAreCut() {
        for frame in [Self.echoRequest, Self.configureRequest, Self.compressedPacket] {
            for cut in 0...frame.count {
                var watch = FrameWatch()
                for octet in frame.dropFirst(cut) + frame { watch.take(octet) }
                #expect((1...2).contains(watch.frames), "cut \(cut)")
            }
        }
    }
}
