/// Cuts the body of a line into commands (V.250 §5.2.1, §5.3, §5.4): basic ones directly behind each other, `;` behind an
/// extended one. Blanks count only between quotes. Nil when the line breaks the grammar: then nothing of it is executed.
struct CommandLineParser {
    private var rest: ArraySlice<UInt8>

    static func parse(_ body: [UInt8]) -> [Command]? {
        var parser = CommandLineParser(rest: withoutBlanks(body)[...])
        var commands: [Command] = []
        while !parser.rest.isEmpty {
            if parser.skip(";") { continue }
            guard let command = parser.command() else { return nil }
            commands.append(command)
        }
        return commands
    }

    private static func withoutBlanks(_ body: [UInt8]) -> [UInt8] {
        var quoted = false
        return body.filter { octet in
            if octet == UInt8(ascii: "\"") { quoted.toggle() }
            return quoted || octet != UInt8(ascii: " ")
        }
    }

    private mutating func command() -> Command? {
        guard let first = rest.first else { return nil }
        let upper = Self.upper(first)
        switch upper {
        case UInt8(ascii: "+"), UInt8(ascii: "^"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "*"):
            return extended()
        case UInt8(ascii: "D"):
            rest.removeFirst()
            return Command(name: "D", form: .set([.word(String(decoding: upTo(";"), as: UTF8.self))]))
        case UInt8(ascii: "S"):
            rest.removeFirst()
            return register()
        case UInt8(ascii: "&"), UInt8(ascii: "\\"), UInt8(ascii: "%"):
            rest.removeFirst()
            guard let letter = rest.popFirst(), Self.isLetter(letter) else { return nil }
            return basic([upper, Self.upper(letter)])
        case _ where Self.isLetter(upper):
            rest.removeFirst()
            return basic([upper])
        case _: return nil
        }
    }

    private mutating func basic(_ name: [UInt8]) -> Command {
        let name = String(decoding: name, as: UTF8.self)
        let digits = digits()
        guard !digits.isEmpty else { return Command(name: name, form: .execute) }
        return Command(name: name, form: .set([Self.bare(digits)]))
    }

    private mutating func register() -> Command? {
        let digits = digits()
        guard !digits.isEmpty, digits.count <= 3 else { return nil }
        let name = "S" + String(decoding: digits, as: UTF8.self)
        if skip("?") { return Command(name: name, form: .read) }
        guard skip("=") else { return Command(name: name, form: .execute) }
        let value = self.digits()
        return Command(name: name, form: .set([value.isEmpty ? .omitted : Self.bare(value)]))
    }

    private mutating func extended() -> Command? {
        var name: [UInt8] = []
        while let octet = rest.first, !Self.endsName(octet) {
            name.append(Self.upper(octet))
            rest.removeFirst()
        }
        let text = String(decoding: name, as: UTF8.self)
        guard name.count > 1 else { return nil }
        if skip("?") { return endsHere ? Command(name: text, form: .read) : nil }
        guard skip("=") else { return Command(name: text, form: .execute) }
        if skip("?") { return endsHere ? Command(name: text, form: .test) : nil }
        guard let arguments = arguments() else { return nil }
        return Command(name: text, form: .set(arguments))
    }

    private mutating func arguments() -> [Argument]? {
        var result: [Argument] = []
        repeat {
            guard let argument = argument() else { return nil }
            result.append(argument)
        } while skip(",")
        return endsHere ? result : nil
    }

    private mutating func argument() -> Argument? {
        if skip("\"") {
            let text = upTo("\"")
            guard skip("\"") else { return nil }
            return .text(String(decoding: text, as: UTF8.self))
        }
        var bare: [UInt8] = []
        while let octet = rest.first, octet != UInt8(ascii: ","), octet != UInt8(ascii: ";") {
            if octet == UInt8(ascii: "\"") { return nil }
            bare.append(octet)
            rest.removeFirst()
        }
        return bare.isEmpty ? .omitted : Self.bare(bare)
    }

    private var endsHere: Bool {
        rest.first == nil || rest.first == UInt8(ascii: ";") || rest.first == UInt8(ascii: ",")
    }

    private mutating func digits() -> [UInt8] {
        let digits = Array(rest.prefix { (0x30...0x39).contains($0) })
        rest.removeFirst(digits.count)
        return digits
    }

    private mutating func upTo(_ mark: Unicode.Scalar) -> [UInt8] {
        let octets = Array(rest.prefix { $0 != UInt8(ascii: mark) })
        rest.removeFirst(octets.count)
        return octets
    }

    private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: mark) else { return false }
        rest.removeFirst()
        return true
    }

    private static func bare(_ octets: [UInt8]) -> Argument {
        let text = String(decoding: octets, as: UTF8.self)
        return Int(text).map { .number($0) } ?? .word(text)
    }

    private static func endsName(_ octet: UInt8) -> Bool {
        [UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: "\"")].contains(octet)
    }

    private static func isLetter(_ octet: UInt8) -> Bool { (0x41...0x5A).contains(upper(octet)) }

    private static func upper(_ octet: UInt8) -> UInt8 { (0x61...0x7A).contains(octet) ? octet - 0x20 : octet }
}
