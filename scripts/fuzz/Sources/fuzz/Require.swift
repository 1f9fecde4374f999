/// A broken promise ends the process, so that libFuzzer keeps the input.
func require(_ condition: Bool, _ promise: String) {
    precondition(condition, promise)
}

/// The octets in pieces whose sizes they say themselves, so that libFuzzer finds the splits that matter.
func pieces(_ octets: [UInt8]) -> [ArraySlice<UInt8>] {
    guard let step = octets.first, step < 64 else { return [octets[...]] }
    let size = Int(step) + 1
    return stride(from: 1, to: octets.count, by: size).map { octets[$0..<min($0 + size, octets.count)] }
}
