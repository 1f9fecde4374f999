/// How the helper process is started.
public struct TunnelOptions: Sendable, Equatable {
    /// A program whose `main` asks `TunnelHelper` first. By default this process's own, even when its file was replaced since.
    public var executable: String
    /// How long the helper may take until the namespace stands; 10 s by default.
    public var startLimit: Duration
    /// How long it may take to end before it is killed; 1 s by default.
    public var endLimit: Duration

    public init(
        executable: String = "/proc/self/exe", startLimit: Duration = .seconds(10), endLimit: Duration = .seconds(1)
    ) {
        self.executable = executable
        self.startLimit = startLimit
        self.endLimit = endLimit
    }
}
