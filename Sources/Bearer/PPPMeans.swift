public import Credentials
public import Modem
public import NIOCore
import PPP
public import Scopes
public import Tunnel

/// What a PPP bearer stands on.
public struct PPPMeans: Sendable {
    public var port: any DialPort
    /// As bring-up left it, with its context prepared for PPP.
    public var modem: ReadyModem
    /// Knows the network's causes and other PDP types to try; without it a refusal is told in the modem's words.
    public var keeper: ContextKeeper?
    /// One that no other bearer uses.
    public var namespace: NetworkNamespace
    /// The line's.
    public var loop: any EventLoop
    /// Of the line, in bits per second; for what a queue may hold.
    public var baud: Int
    /// Sets DTR; false where the line has none. nil, the default: none is known.
    public var setDTR: (@Sendable (_ isOn: Bool) async throws -> Bool)?
    /// Which addresses were reached last; nil, the default: every name is looked up.
    public var memory: (any AddressMemory)?
    /// Told of each phase as it begins: `dial`, `lcp`, `ppp auth`, `ipcp`. On any thread.
    public var began: @Sendable (Phase) -> Void = { _ in }
    public var clock = BearerClock.continuous
    /// For CHAP.
    public var digests: Digests
    /// Decides magic numbers, identifiers and challenges.
    public var seed = UInt64.random(in: .min ... .max)

    /// Changes what the link is configured by.
    var tune: @Sendable (inout PPPConfiguration) -> Void = { _ in }

    public init(
        port: any DialPort, modem: ReadyModem, keeper: ContextKeeper?, namespace: NetworkNamespace,
        loop: any EventLoop, baud: Int, digests: Digests
    ) {
        self.port = port
        self.modem = modem
        self.keeper = keeper
        self.namespace = namespace
        self.loop = loop
        self.baud = baud
        self.digests = digests
    }
}
