import Scopes

/// Turns words into values; each complaint names the option and where the word came from.
enum Values {
    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ word: Given.Word, _ option: Option, _ type: Choice.Type
    ) throws(SettingsError) -> Choice where Choice.RawValue == String {
        if let choice = Choice(rawValue: word.text) { return choice }
        throw failure(word, option, "is none of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }

    static func server(_ word: Given.Word) throws(SettingsError) -> ServerURL {
        do {
            return try ServerURL(parsing: word.text)
        } catch {
            throw .value(.server, problem: "the URL \(error.words)", word.origin)
        }
    }

    static func device(_ word: Given.Word) throws(SettingsError) -> DeviceChoice {
        let text = word.text
        if text == "auto" || text.hasPrefix("usb:") || text.hasPrefix("imei:") {
            throw failure(word, .device, "is not supported yet: name the modem's AT port, as in /dev/ttyUSB2")
        }
        try checkText(word, .device)
        return .path(text)
    }

    static func via(_ word: Given.Word) throws(SettingsError) -> Via {
        let text = word.text
        switch text {
        case "auto": return .auto
        case "socket": return .socket
        case "ppp": throw failure(word, .via, "is not supported yet: use socket or interface:NAME")
        default: break
        }
        guard text.hasPrefix("interface:") else {
            throw failure(word, .via, "is none of auto, socket, interface:NAME")
        }
        let name = text.dropFirst("interface:".count)
        // IFNAMSIZ less its NUL.
        guard (1...15).contains(name.utf8.count),
            name.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }),
            !name.contains("/"), name != ".", name != ".."
        else { throw failure(word, .via, "names no interface: 1 to 15 characters without blanks and slashes") }
        return .interface(String(name))
    }

    static func dialect(_ word: Given.Word) throws(SettingsError) -> DialectChoice {
        let parts = word.text.split(separator: "/", omittingEmptySubsequences: false)
        let name = parts[0]
        let mode = parts.count == 2 ? DialectChoice.Mode(rawValue: String(parts[1])) : nil
        guard parts.count == 1 || (parts.count == 2 && mode != nil) else {
            throw failure(word, .dialect, "is not auto, NAME, or NAME with /transparent, /buffer or /push behind it")
        }
        let isName = name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D
        }
        guard !name.isEmpty, name.utf8.count <= 40, isName else {
            throw failure(word, .dialect, "is no name of a dialect")
        }
        return DialectChoice(name: name == "auto" ? nil : name.lowercased(), mode: mode)
    }

    static func auth(_ word: Given.Word) throws(SettingsError) -> AuthChoice {
        switch word.text {
        case "fewest-round-trips": return .fewestRoundTrips
        case "strongest": return .strongest
        case "none": return .none
        default: break
        }
        // RFC 4422 §3.1 sasl-mech.
        let name = word.text.uppercased()
        guard (1...20).contains(name.utf8.count),
            name.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || $0 == 0x2D || $0 == 0x5F
            })
        else {
            throw failure(word, .auth, "is none of fewest-round-trips, strongest, none, or a mechanism such as PLAIN")
        }
        return .mechanism(name)
    }

    static func notify(_ words: [Given.Word]) throws(SettingsError) -> Set<NotifyChoice> {
        var choices: Set<NotifyChoice> = []
        for word in words {
            for part in word.text.split(separator: ",", omittingEmptySubsequences: false) {
                let part = Given.Word(text: String(part.drop { $0 == " " }), origin: word.origin)
                choices.insert(try choice(part, .notify, NotifyChoice.self))
            }
            guard choices == [.never] || !choices.contains(.never) else {
                throw failure(word, .notify, "asks for never and for more (RFC 3461 §4.1)")
            }
        }
        return choices
    }

    /// The SHA-256 of a subject public key info: 64 hexadecimal digits, or base64 with or without `sha256//` before it.
    static func pin(_ word: Given.Word) throws(SettingsError) -> [UInt8] {
        let text = word.text.hasPrefix("sha256//") ? word.text.dropFirst(8) : word.text[...]
        let octets = text.utf8.count == 64 ? Digits.hexadecimal(text) : Digits.base64(text)
        guard let octets, octets.count == 32 else {
            throw failure(word, .pinSHA256, "is no SHA-256: 64 hexadecimal digits, or 44 characters of base64")
        }
        return octets
    }

    static func ehlo(_ word: Given.Word) throws(SettingsError) -> String {
        guard HostName.isValid(word.text) || HostName.isLiteral(word.text) else {
            throw failure(word, .ehlo, "is neither a host name nor an address in brackets")
        }
        return word.text
    }

    /// What goes into an AT command's quotes: printable ASCII without the quote.
    static func quotable(_ word: Given.Word, _ option: Option, limit: Int) throws(SettingsError) -> String {
        guard word.text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 }) else {
            throw failure(word, option, "holds a quote, a control character, or one outside ASCII")
        }
        guard word.text.utf8.count <= limit else { throw failure(word, option, "is longer than \(limit) characters") }
        return word.text
    }

    /// An AT command as it goes on the line: printable ASCII, quotes too.
    static func command(_ word: Given.Word) throws(SettingsError) -> String {
        guard (1...200).contains(word.text.utf8.count), word.text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .value(.modems, problem: "init holds a command that is not 1 to 200 characters of ASCII", word.origin)
        }
        return word.text
    }

    /// A relative path of the file starts from the file's folder; `-` is no path.
    static func path(_ word: Given.Word, _ option: Option) throws(SettingsError) -> String {
        try checkText(word, option)
        guard case .file(let file, _, _) = word.origin, !word.text.hasPrefix("/"), word.text != "-",
            !word.text.hasPrefix("credential:"), let slash = file.lastIndex(of: "/")
        else { return word.text }
        return file[...slash] + word.text
    }

    static func text(_ word: Given.Word, _ option: Option) throws(SettingsError) -> String {
        guard !word.text.utf8.contains(0) else { throw failure(word, option, "holds a NUL") }
        return word.text
    }

    private static func checkText(_ word: Given.Word, _ option: Option) throws(SettingsError) {
        guard !word.text.isEmpty, !word.text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw failure(word, option, "is empty or holds a control character")
        }
    }

    private static func failure(_ word: Given.Word, _ option: Option, _ problem: String) -> SettingsError {
        .value(option, problem: "'\(word.text.printable(limit: 80))' \(problem)", word.origin)
    }
}
