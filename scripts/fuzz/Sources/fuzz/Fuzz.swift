import Glibc

/// libFuzzer has the main function, and calls this with every input; FUZZ_TARGET chooses the parser.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

private let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "mail-address": fuzzMailAddress,
    "mail-header": fuzzMailHeader,
    "ready-message": fuzzReadyMessage,
    "settings": fuzzSettings,
    "smtp-reply": fuzzSMTPReply,
    "smtp-server": fuzzSMTPServer,
    "sasl": fuzzSASL,
    "at-engine": fuzzATEngine,
    "at-responses": fuzzATResponses,
    "quectel": fuzzQuectel,
    "simcom": fuzzSIMCom,
    "wip": fuzzWIPsoft,
    "octet-marking": fuzzMarking,
    "hdlc": fuzzHDLC,
    "vj": fuzzVJ,
    "fault-script": fuzzFaultScript,
    "transcript": fuzzTranscript,
    "ppp-control": fuzzPPPControl,
    "ppp-link": fuzzPPPLink,
    "tls-name": fuzzTLSName,
    "tls-session": fuzzTLSSession,
    "tunnel-messages": fuzzTunnelMessages,
    "dns": fuzzDNS,
]

private let target: @Sendable ([UInt8]) -> Void = {
    guard let name = getenv("FUZZ_TARGET"), let target = targets[String(cString: name)] else {
        print("FUZZ_TARGET names none of: \(targets.keys.sorted().joined(separator: ", "))")
        exit(64)
    }
    return target
}()
