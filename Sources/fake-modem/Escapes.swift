/// `\r`, `\n`, `\\` and `\xHH` in an option's value.
enum Escapes {
    static func resolve(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "\\", let next = rest.first else {
                result.append(character)
                continue
            }
            rest.removeFirst()
            switch next {
            case "r": result += "\r"
            case "n": result += "\n"
            case "x":
                let digits = rest.prefix(2)
                guard digits.count == 2, let value = UInt8(digits, radix: 16), value < 0x80 else {
                    result += "\\x"
                    continue
                }
                result.unicodeScalars.append(Unicode.Scalar(value))
                rest.removeFirst(2)
            default: result.append(next)
            }
        }
        return result
    }
}
