import Mail
import NIOCore
import Scopes
import Support
import Testing

@Suite(.timeLimit(.minutes(5))) struct MessageDraftTests {
    @Test(arguments: [
        ("plain\n", true, nil), ("Grüße\n", true, "8bit"),
        ("Grüße aus einem langen Text mit wenig anderem darin\n", false, "quoted-printable"),
        ("Grüße\n", false, "base64"),
        ("漢字漢字漢字漢字漢字漢字\n", false, "base64"), ("a NUL \0 in a somewhat longer line of text\n", true, "quoted-printable"),
        ("From here on we have a longer line of text\n", true, "quoted-printable"),
        (String(repeating: "x", count: 999), true, "quoted-printable"), (String(repeating: "x", count: 998), true, nil),
    ])
    func theEncodingWithTheFewestOctetsIsTaken(_ body: String, _ allows8Bit: Bool, _ encoding: String?) async throws {
        var draft = try draft()
        draft.text = MemorySource(body)
        let built = try await text(draft, allows8Bit: allows8Bit)
        if let encoding {
            #expect(built.contains("\r\nContent-Transfer-Encoding: \(encoding)\r\n\r\n"))
        } else {
            #expect(!built.contains("Content-Transfer-Encoding"))
        }
    }

    @Test func aBodyWithoutALineEndGetsOneAndOneWithItGetsNoSecond() async throws {
        for body in ["x", "x\n", "x\r\n"] {
            var draft = try draft()
            draft.text = MemorySource(body)
            #expect(try await text(draft).hasSuffix("\r\n\r\nx\r\n"))
        }
        #expect(try await text(try draft()).hasSuffix("\r\n\r\n\r\n"))
    }

    @Test func whatIsNoUTF8IsNotCalledSo() async throws {
        var draft = try draft()
        draft.text = MemorySource([0x47, 0x72, 0xFC, 0xDF, 0x65, 0x0A])
        let octets = try await octets(try await draft.prepare(stamp).encoded(allows8Bit: true))
        #expect(String(decoding: octets, as: UTF8.self).contains("charset=unknown-8bit"))
        #expect(octets.suffix(7) == [0x47, 0x72, 0xFC, 0xDF, 0x65, 0x0D, 0x0A])
    }

    @Test func everyShapeReadsAsItWasMeant() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var messages: [[UInt8]] = []
        var expected: [[String]] = []
        for shape in 0..<24 {
            let files = try Self.files.map {
                try Attachment(
                    name: $0.name, content: SlowSource(bytes: $0.bytes, step: Int.random(in: 1...200, using: &random)))
            }
            var draft = try draft("Shape \(shape)")
            let body = Self.bodies[shape % Self.bodies.count]
            if shape % 3 != 2 { draft.text = MemorySource(body) }
            if shape % 3 != 0 { draft.html = MemorySource("<p>\(body)</p>\n") }
            if shape % 2 == 1 { draft.attachments = files }
            let message = try await draft.prepare(stamp)
            messages.append(try await octets(message.encoded(allows8Bit: shape % 4 < 2)))
            var parts: [String] = []
            let isNested = shape % 2 == 1 || shape % 3 == 1
            if shape % 3 != 2 { parts += ["text/plain;utf-8", "None", Self.canonical(body, adds: !isNested)] }
            if shape % 3 != 0 {
                parts += ["text/html;utf-8", "None", Self.canonical("<p>\(body)</p>\n", adds: !isNested)]
            }
            if shape % 2 == 1 {
                for (file, type) in zip(Self.files, Self.types) {
                    parts += [type, file.name, String(decoding: base64(file.bytes), as: UTF8.self)]
                }
            }
            expected.append(parts)
        }
        let read = try readByPython(messages)
        #expect(read.count == messages.count)
        for (index, fields) in read.enumerated() {
            #expect(fields[3] == "[]", "seed \(seed), shape \(index)")
            #expect(Array(fields[4...]) == expected[index], "seed \(seed), shape \(index)")
        }
    }

    private static let bodies = [
        "Hello\n.\n..dots\nFrom me\n-- \nsignature", "Grüße =20 = trailing \n\ttab\t\n", "", "no line end",
        "--=_aaaqeayeaudaocaj0\n\nlooks like our boundary\n", "+++\nOK\nNO CARRIER\n~}\u{7F}\u{1A}\n",
    ]

    private static let files: [(name: String, bytes: [UInt8])] = [
        ("all octets.bin", Array(0...255) + Array(repeating: 0, count: 100)),
        ("log.txt", Array("one\ntwo\r\nthree\n".utf8)),
        ("Übersicht – März.csv", Array("a;ü\r\nb;ö\r\n".utf8)), ("empty.dat", []),
        ("quote\"back\\slash.json", Array("{}".utf8)),
        (String(repeating: "länger ", count: 20) + ".pdf", Array("%PDF".utf8)),
    ]
    private static let types = [
        "application/octet-stream;None", "text/plain;utf-8", "text/csv;utf-8", "application/octet-stream;None",
        "application/json;None", "application/pdf;None",
    ]

    /// What arrives: CRLF line ends, and one at the end where the message itself ends there.
    private static func canonical(_ text: String, adds: Bool) -> String {
        var octets: [UInt8] = []
        for octet in text.utf8 {
            if octet == 0x0A, octets.last != 0x0D { octets.append(0x0D) }
            octets.append(octet)
        }
        if adds, octets.last != 0x0A { octets += [0x0D, 0x0A] }
        return String(decoding: base64(octets), as: UTF8.self)
    }

    @Test func aSecondPassGivesTheSameOctets() async throws {
        var draft = try draft()
        draft.text = MemorySource("text\n")
        draft.attachments = [try Attachment(name: "a.bin", content: MemorySource(Array(repeating: 7, count: 200_000)))]
        let message = try await draft.prepare(stamp)
        let built = try message.encoded(allows8Bit: true)
        let first = try await octets(built)
        #expect(try await octets(built) == first)
        #expect(try await octets(try await draft.prepare(stamp).encoded(allows8Bit: true)) == first)
    }

    @Test func aLargeAttachmentIsReadInSmallPieces() async throws {
        struct Pattern: OctetSource {
            let octets = 3_000_001
            func read(at offset: Int, upTo count: Int) async throws -> ByteBuffer {
                #expect(count <= 65_536)
                return ByteBuffer(repeating: UInt8(truncatingIfNeeded: offset) | 0x80, count: count)
            }
        }
        var draft = try draft()
        draft.attachments = [try Attachment(name: "big.bin", content: Pattern())]
        let built = try await draft.prepare(stamp).encoded(allows8Bit: true)
        var reader = built.reader()
        var total = 0
        var chunks = 0
        while let chunk = try await reader.next() {
            #expect(chunk.readableBytes <= 65_536)
            total += chunk.readableBytes
            chunks += 1
        }
        #expect(total == built.octets)
        #expect(chunks < total / 40_000)
    }

    /// A file that is longer, shorter or different the second time.
    private struct Changing: OctetSource {
        enum Change: CaseIterable { case end, growth, error }

        let change: Change
        let passes = Passes()
        var octets: Int { 1000 }

        func read(at offset: Int, upTo count: Int) async throws -> ByteBuffer {
            if offset == 0 { passes.count += 1 }
            guard passes.count > 1, offset > 0 else {
                return ByteBuffer(repeating: UInt8(ascii: "x"), count: min(count, 500))
            }
            switch change {
            case .end: return ByteBuffer()
            case .growth: return ByteBuffer(repeating: 0xFF, count: count)
            case .error: throw Broken()
            }
        }

        struct Broken: Error {}

        final class Passes: @unchecked Sendable {
            // One task reads at a time.
            var count = 0
        }
    }

    @Test(arguments: Changing.Change.allCases)
    private func aSourceThatChangesIsAnErrorAndNeverTooManyOctets(_ change: Changing.Change) async throws {
        var draft = try draft()
        draft.text = Changing(change: change)
        let built = try await draft.prepare(stamp).encoded(allows8Bit: true)
        var reader = built.reader()
        var total = 0
        let error = await #expect(throws: MailError.self) {
            while let chunk = try await reader.next() { total += chunk.readableBytes }
        }
        #expect(total <= built.octets)
        #expect(error?.exitStatus == .inputOutput)
    }

    @Test func attachmentsHaveTheTypeOfTheirEnding() throws {
        for (name, type) in [
            ("a.PDF", "application/pdf"), ("dir/b.tar.gz", "application/gzip"), ("none", "application/octet-stream"),
            ("mail.eml", "application/octet-stream"), (".pdf", "application/pdf"),
        ] {
            #expect(try Attachment(name: name, content: MemorySource("")).contentType == type)
        }
        #expect(try Attachment(name: "/var/log/syslog", content: MemorySource("")).name == "syslog")
        #expect(throws: MailError.self) { try Attachment(name: "dir/", content: MemorySource("")) }
        _ = try Attachment(name: String(repeating: "n", count: 255), content: MemorySource(""))
        #expect(throws: MailError.self) {
            try Attachment(name: String(repeating: "n", count: 256), content: MemorySource(""))
        }
    }
}
