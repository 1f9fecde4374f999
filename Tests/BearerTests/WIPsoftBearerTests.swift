import AT
import Bearer
import ByteStreams
import Credentials
import Modem
import Scopes
import Synchronization
import Testing

/// A bearer of three layers: what is raised here is taken down, what was found stays (at-dialects 3.10).
@Suite(.timeLimit(.minutes(5))) struct WIPsoftBearerTests {
    private let port = FarWIPPort()
    private let teardown = Teardown()
    private let time = ManualTime(isEager: true)

    private func withBearer(
        _ context: PDPContext = PDPContext(cid: 1, type: .ipv4), _ body: (any Bearer) async throws -> Void = { _ in }
    ) async throws {
        try await withSocketBearer(
            port: port, dialect: WIPsoft(mode: .continuous), context: context, teardown: teardown, clock: time.clock,
            body: body)
    }

    private var steps: [String] { teardown.steps.map { "\($0.name): \($0.outcome)" } }

    @Test func theLayersComeUpAndGoDownInOrder() async throws {
        let account = PDPAccount(user: "u", password: Secret("p4ss"))
        try await withBearer(PDPContext(cid: 1, type: .ipv4, apn: "internet", account: account)) { bearer in
            #expect(bearer.localAddress == "10.0.0.7")
            #expect(bearer.name == "socket (wip)")
        }
        #expect(
            port.deeds == [
                "AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=2,6,11,\"internet\"", "AT+WIPBR=2,6,0,\"u\"",
                "AT+WIPBR=2,6,1,\"p4ss\"", "AT+WIPBR=4,6,0", "AT+WIPBR=5,6", "AT+WIPBR=0,6", "AT+WIPCFG=0",
            ])
        #expect(port.isDown)
        #expect(steps == ["bearer stop: done", "bearer close: done", "stack stop: done"])
    }

    @Test func aStackThatWasStartedStaysSo() async throws {
        port.state.withLock { $0.isStackStarted = true }
        try await withBearer()
        #expect(port.deeds == ["AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=4,6,0", "AT+WIPBR=5,6", "AT+WIPBR=0,6"])
        #expect(port.commands.contains("AT+WIPCFG?"))
        #expect(port.state.withLock { $0.isStackStarted && !$0.isDeviceOpen })
        #expect(steps == ["bearer stop: done", "bearer close: done", "stack stop: notNeeded"])
    }

    @Test func aDeviceThatWasOpenStaysOpen() async throws {
        port.state.withLock { state in
            state.isStackStarted = true
            state.isDeviceOpen = true
        }
        try await withBearer()
        #expect(port.deeds == ["AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=4,6,0", "AT+WIPBR=5,6"])
        #expect(port.state.withLock { $0.isStackStarted && $0.isDeviceOpen && !$0.isSessionUp })
    }

    @Test func aBearerFoundUpIsUsedAndLeft() async throws {
        port.state.withLock { state in
            state.isStackStarted = true
            state.isDeviceOpen = true
            state.isSessionUp = true
        }
        try await withBearer { #expect($0.localAddress == "10.0.0.7") }
        #expect(port.deeds.isEmpty)
        #expect(port.state.withLock { $0.isStackStarted && $0.isDeviceOpen && $0.isSessionUp })
        #expect(steps == ["bearer stop: notNeeded"])
    }

    /// 803 is ambiguous: without an address the bearer is reloaded, once.
    @Test func aSessionThatIsUpByItsErrorAloneIsReloaded() async throws {
        port.state.withLock { state in
            state.isStackStarted = true
            state.starts = [803]
        }
        try await withBearer { #expect($0.localAddress == "10.0.0.7") }
        #expect(
            port.deeds == [
                "AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=4,6,0", "AT+WIPBR=5,6", "AT+WIPBR=0,6", "AT+WIPCFG=0",
                "AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=4,6,0", "AT+WIPBR=5,6", "AT+WIPBR=0,6",
            ])
        #expect(port.state.withLock { $0.isStackStarted && !$0.isDeviceOpen })
    }

    @Test func aRefusedSessionIsToldByNumberAndNothingIsLeftUp() async throws {
        port.state.withLock { $0.starts = [815, 815] }
        let error = await #expect(throws: BearerError.self) { try await withBearer() }
        #expect(error?.summary.contains("815 (bearer connection failed)") == true)
        #expect(port.deeds.filter { $0 == "AT+WIPBR=4,6,0" }.count == 2)
        #expect(port.isDown)
    }

    @Test func aModemWithoutThePlugInIsToldWithTheRemedy() async throws {
        port.state.withLock { $0.hasPlugIn = false }
        let error = await #expect(throws: BearerError.self) { try await withBearer() }
        #expect(error?.summary.contains("AT+WOPEN=1") == true)
    }

    /// The modem may register before its plug-in is ready.
    @Test func aStackThatIsNotReadyYetIsAskedForAgain() async throws {
        port.state.withLock { $0.refusedStacks = 3 }
        try await withBearer { #expect($0.localAddress == "10.0.0.7") }
        #expect(port.deeds.prefix(5) == ["AT+WIPCFG=1", "AT+WIPCFG=1", "AT+WIPCFG=1", "AT+WIPCFG=1", "AT+WIPBR=1,6"])
        #expect(port.isDown)
    }

    /// Half a minute, in each of the two attempts.
    @Test func aStackThatNeverIsReadyIsGivenUp() async throws {
        port.state.withLock { $0.refusedStacks = .max }
        let error = await #expect(throws: BearerError.self) { try await withBearer() }
        #expect(error?.summary.contains("803") == true, "\(error?.summary ?? "")")
        #expect(port.deeds.filter { $0 == "AT+WIPCFG=1" }.count == 2 * 31)
    }

    // MARK: Opening

    private func connect(_ host: String) async throws -> BearerError? {
        var told: BearerError?
        let (near, _) = MemoryStream.pair()
        port.state.withLock { $0.line = DataLine(near) }
        try await withBearer { bearer in
            do {
                let stream = try await bearer.connect(to: host, port: 465)
                _ = await stream.close()
            } catch {
                told = error as? BearerError
            }
            #expect(port.state.withLock { $0.used.isEmpty })
        }
        #expect(port.isDown)
        return told
    }

    @Test func aConnectionIsMadeInCommandModeAndThenGivenTheLine() async throws {
        #expect(try await connect("mail.example.com") == nil)
        let own = port.deeds.filter { $0.hasPrefix("AT+WIPC") && !$0.hasPrefix("AT+WIPCFG") || $0.hasPrefix("AT+WIPD") }
        #expect(own == ["AT+WIPCREATE=2,1,\"mail.example.com\",465", "AT+WIPDATA=2,1,1", "AT+WIPCLOSE=2,1"])
    }

    @Test func aRefusalAtOnceAndOneBehindTheOKAreTheSame() async throws {
        port.state.withLock { state in
            state.createErrors = ["a.example": 842, "name.example": 833]
            state.lateErrors = ["b.example": 842]
        }
        let words = "842 (connect failed)"
        #expect(try await connect("a.example") == .connectFailed(host: "a.example", port: 465, words: words))
        #expect(try await connect("b.example") == .connectFailed(host: "b.example", port: 465, words: words))
        #expect(
            try await connect("name.example") == .nameNotResolved(host: "name.example", words: "833 (bad address)"))
        #expect(port.commands.contains("AT+WIPCLOSE=2,1"))
    }

    @Test func anIndexThatWasLeftInUseIsClosedOnce() async throws {
        port.state.withLock { $0.used = [1] }
        #expect(try await connect("mail.example.com") == nil)
        #expect(port.deeds.filter { $0.hasPrefix("AT+WIPCREATE") }.count == 2)
        #expect(port.deeds.filter { $0 == "AT+WIPCLOSE=2,1" }.count == 2)
    }

    @Test func aConnectionThatCannotHaveTheLineIsClosed() async throws {
        port.state.withLock { $0.dataError = 831 }
        #expect(try await connect("mail.example.com") != nil)
    }
}
