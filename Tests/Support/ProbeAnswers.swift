/// What a modem answers to the questions of `AT` that prove a line, which chance chooses.
public enum ProbeAnswers {
    /// - Parameter command: as written, with or without CR.
    /// - Returns: the whole answer with its result code; `ERROR` for what is no such question.
    public static func answer(to command: String) -> String {
        let text = command.filter { $0 != "\r" }
        switch text {
        case "AT": return "\r\nOK\r\n"
        case "AT+CMEE?": return "\r\n+CMEE: 1\r\n\r\nOK\r\n"
        case "AT+CMEE=?": return "\r\n+CMEE: (0-2)\r\n\r\nOK\r\n"
        default: break
        }
        let values = ["S3?": "013", "S4?": "010", "S5?": "008"]
        var rest = text.dropFirst(2)
        var answer = ""
        while let value = values[String(rest.prefix(3))] {
            answer += "\r\n\(value)\r\n"
            rest = rest.dropFirst(3)
        }
        return rest.isEmpty && !answer.isEmpty ? answer + "\r\nOK\r\n" : "\r\nERROR\r\n"
    }
}
