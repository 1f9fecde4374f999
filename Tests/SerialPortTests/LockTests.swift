import CLinux
import Glibc
import NIOCore
import NIOPosix
import Scopes
import Support
import SystemPackage
import Testing

@testable import SerialPort

@Suite(.timeLimit(.minutes(5)))
struct LockTests {
    private let threads = NIOThreadPool.singleton

    private func open(_ path: String, locks: String = "/nonexistent") async throws(SerialPortError) -> SerialPort {
        try await SerialPort.open(SerialPortConfiguration(path: path, lockDirectory: locks), threads: threads)
    }

    /// A process that does nothing, and its pid.
    private func sleeper(_ preparation: String = "") throws -> (TestProcess, Int32) {
        let process = try TestProcess.start(["sh", "-c", "\(preparation) echo $$; read line"])
        let line = try #require(process.readUntil("\n"))
        return (process, try #require(Int32(line.filter(\.isNumber))))
    }

    @Test func theLockFileIsInTheFormatThatOthersRead() async throws {
        let pty = try Pty()
        let locks = try Directory()
        let port = try await open(pty.path, locks: locks.path)
        let name = LockFile.name(of: pty.path)
        #expect(locks.names == [name])
        let text = try #require(locks.text(of: name))
        #expect(text.utf8.count == 11)
        #expect(text.hasSuffix(" \(getpid())\n"))
        #expect(clinux_line_is_exclusive(pty.near) == 1)
        _ = await port.close()
        #expect(locks.names == [])
        #expect(clinux_line_is_exclusive(pty.near) == 0)
    }

    /// The next device may have the name of the one that is gone, while its owner still closes.
    @Test func aLineThatIsGoneIsNoLongerLocked() async throws {
        let pty = try Pty()
        let locks = try Directory()
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        let port = try await SerialPort.open(
            SerialPortConfiguration(path: pty.path, lockDirectory: locks.path), threads: thread)
        let channel = try await port.makeChannel(on: MultiThreadedEventLoopGroup.singleton.next()) { _ in }
        #expect(locks.names == [LockFile.name(of: pty.path)])
        pty.hangUp()
        try await channel.closeFuture.get()
        // One thread: what was submitted before is done.
        try await thread.runIfActive {}
        #expect(locks.names == [])
        // The lock that somebody takes meanwhile under that name is not removed by the close.
        let owner = String(getpid())
        locks.write(String(repeating: " ", count: 10 - owner.count) + owner + "\n", to: LockFile.name(of: pty.path))
        _ = await port.close()
        #expect(locks.names == [LockFile.name(of: pty.path)])
        try await thread.shutdownGracefully()
    }

    @Test func aLinkIsLockedByTheDeviceItLeadsTo() async throws {
        let pty = try Pty()
        let directory = try Directory()
        let locks = try Directory()
        let link = "\(directory.path)/modem"
        #expect(unsafe symlink(pty.path, link) == 0)
        let port = try await open(link, locks: locks.path)
        #expect(port.devicePath == pty.path)
        #expect(locks.names == [LockFile.name(of: pty.path)])
        _ = await port.close()
    }

    @Test func aLiveOwnerOfTheLockFileIsNamed() async throws {
        let pty = try Pty()
        let locks = try Directory()
        let (process, pid) = try sleeper()
        locks.write("\(String(repeating: " ", count: 10 - String(pid).count))\(pid)\n", to: LockFile.name(of: pty.path))
        let expected = SerialPortError.busy(path: pty.path, holder: PortHolder(pid: pid, name: "sh"))
        await #expect(throws: expected) { _ = try await open(pty.path, locks: locks.path) }
        #expect(expected.exitStatus == .tryAgain)
        #expect(expected.summary == "\(pty.path) is in use by sh (pid \(pid))")
        #expect(locks.names == [LockFile.name(of: pty.path)])
        process.stop()
        let port = try await open(pty.path, locks: locks.path)
        #expect(port.notes == [])
        #expect(locks.text(of: LockFile.name(of: pty.path))?.contains(" \(getpid())\n") == true)
        _ = await port.close()
    }

    @Test(arguments: ["", "garbage\n", "         0\n", "        -1\n", "99999999999\n"])
    func aLockFileThatNamesNobodyIsReplaced(content: String) async throws {
        let pty = try Pty()
        let locks = try Directory()
        locks.write(content, to: LockFile.name(of: pty.path))
        let port = try await open(pty.path, locks: locks.path)
        #expect(port.notes == [])
        _ = await port.close()
        #expect(locks.names == [])
    }

    @Test func whoHoldsTheFlockIsNamed() async throws {
        let pty = try Pty()
        let (process, pid) = try sleeper("exec 9<>\(pty.path); flock -n 9 || exit 1;")
        let expected = SerialPortError.busy(path: pty.path, holder: PortHolder(pid: pid, name: "sh"))
        await #expect(throws: expected) { _ = try await open(pty.path) }
        process.stop()
        _ = await (try await open(pty.path)).close()
    }

    @Test func aLineThatSomebodyHasForHimselfIsBusy() async throws {
        let pty = try Pty()
        let (process, pid) = try sleeper("exec 9<>\(pty.path);")
        #expect(clinux_line_set_exclusive(pty.near, true) == 0)
        await #expect(throws: SerialPortError.busy(path: pty.path, holder: PortHolder(pid: pid, name: "sh"))) {
            _ = try await open(pty.path)
        }
        #expect(clinux_line_is_exclusive(pty.near) == 1)
        process.stop()
    }

    @Test func anIntruderIsNamedOnRequest() async throws {
        let pty = try Pty()
        let port = try await open(pty.path)
        #expect(await port.intruder()?.pid != getpid())
        _ = await port.close()
        let (process, pid) = try sleeper("exec 9<>\(pty.path);")
        let again = try await open(pty.path)
        #expect(await again.intruder() == PortHolder(pid: pid, name: "sh"))
        process.stop()
        _ = await again.close()
    }

    @Test func aPortThatIsDroppedReleasesItsLine() async throws {
        let pty = try Pty()
        let locks = try Directory()
        let before = pty.settings
        do { _ = try await open(pty.path, locks: locks.path) }
        #expect(locks.names == [])
        #expect(clinux_line_settings_equal(pty.settings, before))
        _ = await (try await open(pty.path)).close()
    }

    @Test(
        arguments: [
            (115_200, 9_600, 115_200, .set), (115_200, 9_600, 118_000, .set), (115_200, 9_600, 118_081, .other),
            (115_200, 9_600, 112_320, .set), (115_200, 9_600, 112_319, .other), (115_200, 9_600, 9_600, .ignored),
            (3_000_000, 9_600, 1_500_000, .other), (100, 9_600, 0, .other),
        ] as [(UInt32, UInt32, UInt32, BaudVerdict)])
    func aRateThatTheDriverKeepsIsNoErrorAndAnotherOneIs(
        asked: UInt32, found: UInt32, actual: UInt32, verdict: BaudVerdict
    ) {
        #expect(BaudVerdict(asked: asked, found: found, actual: actual) == verdict)
    }

    @Test func aSecondPortOfThisProcessIsBusyAndTakesNothingFromTheFirst() async throws {
        let pty = try Pty()
        let locks = try Directory()
        let first = try await open(pty.path, locks: locks.path)
        let settings = pty.settings
        await #expect(throws: SerialPortError.self) { _ = try await open(pty.path, locks: locks.path) }
        #expect(locks.names == [LockFile.name(of: pty.path)])
        #expect(clinux_line_is_exclusive(pty.near) == 1)
        #expect(clinux_line_settings_equal(pty.settings, settings))
        _ = await first.close()
        #expect(locks.names == [])
    }

    @Test func noDirectoryForLockFilesIsANote() async throws {
        let pty = try Pty()
        let port = try await open(pty.path, locks: "/nonexistent/locks")
        #expect(port.notes.count == 1)
        #expect(port.notes.first?.contains("/nonexistent/locks") == true)
        #expect(clinux_line_is_exclusive(pty.near) == 1)
        _ = await port.close()
    }

    @Test func aLockFileThatAnotherTookMeanwhileIsLeft() async throws {
        let pty = try Pty()
        let locks = try Directory()
        let port = try await open(pty.path, locks: locks.path)
        locks.write("         1\n", to: LockFile.name(of: pty.path))
        _ = await port.close()
        #expect(locks.names == [LockFile.name(of: pty.path)])
    }

    @Test(
        arguments: [
            ("         7\n", 7), ("7", 7), ("      4711 minicom root\n", 4711), ("\u{7}\u{1}\u{0}\u{0}", 263),
            ("", nil), ("x1", nil),
            ("2147483648\n", nil), ("\u{0}\u{0}\u{0}\u{0}", nil),
        ] as [(String, Int32?)])
    func pidsAreReadInEachFormat(content: String, pid: Int32?) {
        #expect(LockFile.pid(in: Array(content.utf8)) == pid)
    }

    @Test(arguments: [
        ("/dev/ttyUSB2", "LCK..ttyUSB2"), ("/dev/pts/3", "LCK..pts_3"), ("/run/modem/tty", "LCK..run_modem_tty"),
    ])
    func namesOfLockFilesAreThoseOfPppdAndPicocom(path: String, name: String) {
        #expect(LockFile.name(of: path) == name)
    }
}
