/// What one connection does with the session store: which session it offered, and which one is kept at its end.
struct SessionKeeper: Sendable {
    let store: any SessionStore
    let key: SessionKey
    let clock: WallClock
    let startedAt: WallTime
    /// The session that was offered to the server, if there was one.
    let offered: StoredSession?
    /// Whether the server took it.
    var isResumed = false
    /// Of the chain that was verified in this handshake; nil after a resumption.
    var chainNotAfter: WallTime?

    init(store: any SessionStore, key: SessionKey, clock: WallClock, startedAt: WallTime, offered: StoredSession?) {
        self.store = store
        self.key = key
        self.clock = clock
        self.startedAt = startedAt
        self.offered = offered
    }

    /// A session that a server stumbles over must not make the next attempt fail too. A lost link says nothing about it.
    func handshakeFailed(_ error: TLSError) async {
        guard offered != nil else { return }
        switch error {
        case .certificate, .handshake, .library: await store.drop(key)
        case .configuration, .stream: break
        }
    }

    /// Keeps what the server offered last. When it took ours and offered none, ours stays: servers that do so (Postfix) take
    /// the same ticket again. When it refused ours and offered none, ours is dropped.
    func keep(_ session: OfferedSession?) async {
        guard let session else {
            if offered != nil, !isResumed { await store.drop(key) }
            return
        }
        let now = clock.now()
        // The verdict on the certificates is as old as the handshake that reached it.
        let verified: (at: WallTime, until: WallTime)? =
            if isResumed { offered.map { ($0.verifiedAt, $0.certificatesExpireAt) } } else {
                chainNotAfter.map { (startedAt, $0) }
            }
        guard let verified else { return }
        await store.keep(
            StoredSession(
                octets: session.octets, storedAt: now, ticketExpiresAt: now.adding(seconds: session.lifetime),
                verifiedAt: verified.at, certificatesExpireAt: verified.until),
            for: key)
    }
}
