/// When the line itself should become the socket.
///
/// It costs about 2 s at its end (the guarded `+++`) and saves the turns of every chunk, so it pays above about 64 kB; and
/// nothing but flow control of the line keeps its octets, so a line without any must not carry it. A choice by name
/// (`--dialect NAME/transparent`) stands above this rule; until a message's size is known when the dialect is chosen, that
/// choice is the only way.
public func isTransparentWorthwhile(messageOctets: Int, hasFlowControl: Bool) -> Bool {
    hasFlowControl && messageOctets > 65_536
}
