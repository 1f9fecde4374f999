public import AT

extension Quectel {
    /// `+QIGETERROR: 565,DNS parse failed`; 0: nothing failed.
    public func explanation(in answer: Exchange.Answer) -> SocketFault? {
        guard answer.result == .ok else { return nil }
        for line in answer.lines {
            guard let fields = LineFields(line.text, prefix: "+QIGETERROR:"), let number = fields.number(0) else {
                continue
            }
            guard number != 0 else { return nil }
            return Self.fault(number: number, words: fields[1].isEmpty ? nil : fields[1])
        }
        return nil
    }

    /// Of a refused operation: the number of `+CME ERROR` where it is one of this table, else the code as it came.
    static func fault(of answer: Exchange.Answer) -> SocketFault {
        switch answer.result {
        case .cme(let number?, let text) where errors[number] != nil:
            fault(number: number, words: text.isEmpty ? nil : text)
        case .error: SocketFault(.other)
        case .ok, .cme, .cms, .connect, .noCarrier, .busy, .noAnswer, .noDialtone, .vendor:
            SocketFault(.other, words: answer.result.description)
        }
    }

    static func fault(number: Int, words: String?) -> SocketFault {
        guard let (kind, ours) = errors[number] else {
            return SocketFault(.other, words: words.map { "\(number) (\($0))" } ?? "\(number)")
        }
        return SocketFault(kind, words: "\(number) (\(words ?? ours))")
    }

    /// Results of `+QIOPEN`, `+QIGETERROR` and `+CME ERROR` (TCP/IP Application Note, "Summary of Result Codes").
    private static let errors: [Int: (SocketFault.Kind, String)] = [
        550: (.other, "unknown error"),
        551: (.busy, "operation blocked"),
        552: (.parameter, "invalid parameters"),
        553: (.busy, "memory not enough"),
        554: (.other, "create socket failed"),
        555: (.parameter, "operation not supported"),
        556: (.other, "socket bind failed"),
        557: (.other, "socket listen failed"),
        558: (.other, "socket write failed"),
        559: (.other, "socket read failed"),
        560: (.other, "socket accept failed"),
        561: (.bearerDown, "open PDP context failed"),
        562: (.bearerDown, "close PDP context failed"),
        563: (.slotBusy, "socket identity has been used"),
        564: (.busy, "DNS busy"),
        565: (.nameNotResolved, "DNS parse failed"),
        566: (.connectFailed, "socket connect failed"),
        567: (.reset, "socket has been closed"),
        568: (.busy, "operation busy"),
        569: (.timedOut, "operation timeout"),
        570: (.bearerDown, "PDP context broken down"),
        571: (.other, "send operation cancelled"),
        572: (.other, "operation not allowed"),
        573: (.accessPoint, "APN not configured"),
        574: (.busy, "port busy"),
    ]
}
