import Credentials
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
        case "ppp": return .ppp
        default: break
        }
        guard text.hasPrefix("interface:") else {
            throw failure(word, .via, "is none of auto, ppp, socket, interface:NAME")
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
            throw failure(
                word, .dialect, "is not auto, NAME, or NAME with /transparent, /buffer, /push or /send-ok behind it")
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
        switch word.text.uppercased() {
        case "FEWEST-ROUND-TRIPS": return .fewestRoundTrips
        case "STRONGEST": return .strongest
        case "NONE": return .none
        case let name:
            if let mechanism = SASLMechanism(rawValue: name) { return .mechanism(mechanism) }
            let names = SASLMechanism.allCases.map(\.rawValue).joined(separator: ", ")
            throw failure(word, .auth, "is none of fewest-round-trips, strongest, none, \(names)")
        }
    }

    static func pin(_ word: Given.Word) throws(SettingsError) -> PublicKeyPin {
        if let pin = PublicKeyPin(base64: word.text) { return pin }
        let isHexadecimal = word.text.utf8.count >= 64 && word.text.allSatisfy { $0.isHexDigit || $0 == ":" }
        throw failure(
            word, .pinSHA256,
            isHexadecimal
                ? "is hexadecimal, as the fingerprint of a certificate; a pin is the base64 of its key's SHA-256"
                : "is no pin: 44 characters of base64, the SHA-256 of a SubjectPublicKeyInfo")
    }

    /// `never`, or one or more occasions, as words or separated by commas.
    static func notify(_ words: [Given.Word], _ origin: Origin) throws(SettingsError) -> [NotifyOccasion] {
        let names = words.flatMap { $0.text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        if names == ["never"] { return [] }
        var occasions: [NotifyOccasion] = []
        for name in names {
            guard let occasion = NotifyOccasion(rawValue: name) else {
                let problem = "'\(name.printable(limit: 80))' is not never alone, failure, delay or success"
                throw .value(.notify, problem: problem, origin)
            }
            if !occasions.contains(occasion) { occasions.append(occasion) }
        }
        return occasions
    }

    static func notifyID(_ word: Given.Word) throws(SettingsError) -> String {
        guard (1...94).contains(word.text.utf8.count), word.text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw failure(word, .notifyID, "is not 1 to 94 characters of ASCII")
        }
        return word.text
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
