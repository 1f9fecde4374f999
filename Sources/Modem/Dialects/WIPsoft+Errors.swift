public import AT

extension WIPsoft {
    /// The refusal itself, by its number. One without a number is the modem's own, which does not know the command: the plug-in
    /// is an application, and some modems start it only by `AT+WOPEN=1`.
    public func explanation(in answer: Exchange.Answer) -> SocketFault? {
        switch answer.result {
        case .error:
            SocketFault(.other, words: "the modem knows no +WIP commands; if it has the plug-in, AT+WOPEN=1 starts it")
        case .cme(let number?, _) where Self.known(number) != nil: Self.fault(number: number)
        case .ok, .cme, .cms, .connect, .noCarrier, .busy, .noAnswer, .noDialtone, .vendor: nil
        }
    }

    static func fault(of answer: Exchange.Answer) -> SocketFault {
        switch answer.result {
        case .cme(let number?, _): fault(number: number)
        case .vendor(let line):
            LineFields(line, prefix: "+WIPERROR:")?.number(2).map { fault(number: $0) }
                ?? SocketFault(.other, words: answer.result.description)
        case .error: SocketFault(.other)
        case .ok, .cme, .cms, .connect, .noCarrier, .busy, .noAnswer, .noDialtone:
            SocketFault(.other, words: answer.result.description)
        }
    }

    static func fault(number: Int) -> SocketFault {
        guard let (kind, words) = known(number) else { return SocketFault(.other, words: "\(number)") }
        return SocketFault(kind, words: "\(number) (\(words))")
    }

    /// `+CME ERROR` of the plug-in, 800 to 847 (S000437C, tables "Possible Errors").
    private static func known(_ number: Int) -> (SocketFault.Kind, String)? {
        switch number {
        case 800: (.parameter, "invalid option")
        case 801: (.parameter, "invalid option value")
        case 802: (.busy, "not enough memory")
        case 803: (.bearerDown, "operation not allowed in the current state of the stack")
        case 804: (.other, "device already open")
        case 805: (.bearerDown, "network interface not available")
        case 806: (.other, "operation not allowed on this bearer")
        case 807...829: (.bearerDown, "bearer connection failed")
        case 830: (.parameter, "bad index")
        case 831: (.other, "bad state")
        case 832: (.parameter, "bad port number")
        case 833: (.nameNotResolved, "bad address")
        case 834: (.parameter, "not implemented")
        case 837: (.parameter, "bad protocol")
        case 840: (.slotBusy, "index in use")
        case 842: (.connectFailed, "connect failed")
        case 843: (.reset, "reset by the peer")
        case 844: (.other, "stack already started")
        default: nil
        }
    }
}
