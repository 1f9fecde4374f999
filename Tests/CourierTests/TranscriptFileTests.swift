import Courier
import NIOPosix
import Scopes
import Support
import Testing

@Suite struct TranscriptFileTests {
    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()

    @Test func everyLineIsInTheFileInItsOrder() async throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        try TemporaryFolder.write("what was there before", to: folder + "/line.transcript")
        let file = try TranscriptFile.create(folder + "/line.transcript", threads: Self.threads)
        let lines = (0..<5_000).map { "+0.001 > AT+X=\($0)" }
        for line in lines { file.record(line) }
        await file.close()
        let text = TemporaryFolder.read(folder + "/line.transcript") ?? ""
        #expect(text.split(separator: "\n").dropFirst().elementsEqual(lines[...], by: { $0 == $1[...] }))
        #expect(text.hasPrefix("# ") && text.hasSuffix("\n"))
        #expect(!file.isIncomplete)
    }

    @Test func aFullDiskIsToldAndNothingIsWrittenBehindTheGap() async throws {
        let file = try TranscriptFile.create("/dev/full", threads: Self.threads)
        file.record("+0.001 > AT")
        await file.close()
        #expect(file.isIncomplete)
        file.record("+0.002 > AT")
        await file.close()
        #expect(file.isIncomplete)
    }

    @Test func aFileThatCannotBeMadeIsAnErrorWithItsName() {
        #expect {
            try TranscriptFile.create("/nowhere/line", threads: Self.threads)
        } throws: { error in
            (error as? CourierError)?.line.contains("/nowhere/line") == true
        }
    }
}
