import AT
import FakeModem
import Modem
import NIOCore
import NIOPosix
import Scopes
import SerialPort
import Testing

/// Two runs in a row on a real pty: what the first did not wait for is answered in the second.
@Suite(.timeLimit(.minutes(5))) struct PortAfterABusyModemTests {
    private struct Line {
        let serial: SerialPort
        let port: ATPort

        init(_ modem: FakeModem, _ threads: NIOThreadPool) async throws {
            serial = try await SerialPort.open(SerialPortConfiguration(path: modem.path), threads: threads)
            let channel = try await serial.makeChannel(on: MultiThreadedEventLoopGroup.singleton.next()) { _ in }
            var profile = LineProfile()
            (profile.drainTime, profile.probeTime) = (.milliseconds(50), .milliseconds(100))
            port = try await ATPort.open(on: channel, profile: profile)
        }
    }

    private func with(faults: String, _ body: (FakeModem, NIOThreadPool) async throws -> Void) async throws {
        var options = FakeModemOptions()
        options.faults = try FaultScript(parsing: faults)
        let modem = try FakeModem(options)
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        do {
            try await body(modem, threads)
        } catch {
            Issue.record(error)
        }
        _ = await modem.stop()
        try await threads.shutdownGracefully()
    }

    @Test(arguments: [100, 900, 2_500]) func theSecondRunIsInStep(remaining: Int64) async throws {
        let late = 100 + 400 + remaining
        try await with(faults: "at command AT+CGDCONT?: late \(late)ms") { modem, threads in
            let first = try await Line(modem, threads)
            _ = try await first.port.synchronise()
            let contexts = Exchange(
                CommandText("AT+CGDCONT?"), responsePrefixes: ["+CGDCONT:"], timeout: .milliseconds(100))
            await #expect(throws: ATError.timedOut(command: "AT+CGDCONT?")) { try await first.port.perform(contexts) }
            _ = await first.port.close(limit: .milliseconds(400))
            _ = await first.serial.close()

            let second = try await Line(modem, threads)
            let report = try await second.port.synchronise()
            #expect(!report.findings.contains(.dataMode))
            for _ in 0..<3 {
                let signal = Exchange(CommandText("AT+CSQ"), responsePrefixes: ["+CSQ:"])
                let answer = try await second.port.perform(signal)
                #expect(answer.lines.count == 1 && answer.result == .ok)
                let quiet = try await second.port.perform(Exchange(CommandText("AT"), answersBareLines: true))
                #expect(quiet.lines.isEmpty && quiet.result == .ok)
            }
            #expect(await second.port.close().map(\.outcome) == [.done])
            _ = await second.serial.close()
        }
    }

    @Test func suppressedResultCodesAreTurnedOn() async throws {
        try await with(faults: "") { modem, threads in
            let first = try await Line(modem, threads)
            _ = try await first.port.synchronise()
            let quiet = Exchange(CommandText("ATQ1"), timeout: .milliseconds(50))
            _ = try? await first.port.perform(quiet)
            _ = await first.port.close(proving: false)
            _ = await first.serial.close()

            let second = try await Line(modem, threads)
            #expect(try await second.port.synchronise().findings == [.suppressedResultCodes])
            _ = await second.port.close()
            _ = await second.serial.close()
        }
    }
}
