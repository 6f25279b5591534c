public import Kernel
public import System

/// What a change of the ruleset needs of the host beside the ruleset; tests put their own in its place.
public struct ChangeHost {
    /// Where the state of the present network namespace is kept.
    public var location: () -> StateLocation
    /// The ruleset that is changed.
    public var identity: () -> RulesetIdentity
    /// Who changes it.
    public var author: () -> Author
    /// Milliseconds since the host was started.
    public var uptime: () -> Int64
    /// Starts the process that undoes what is pending in this directory, and returns when that can be relied on.
    public var arm: (_ directory: String) throws(KernelError) -> Void
    /// Tells the log, and those who are logged in.
    public var announce: (_ line: String) -> Void

    /// The ruleset that is changed.
    ///
    /// - Throws: `io` where nothing tells this boot and this network namespace from others.
    func knownIdentity() throws(KernelError) -> RulesetIdentity {
        let identity = identity()
        if !identity.boot.isEmpty { return identity }
        throw KernelError(
            .io, "identifying this boot and network namespace", answer: "/proc cannot be read", advice: "mount /proc")
    }

    /// A host of these parts.
    public init(
        location: @escaping () -> StateLocation, identity: @escaping () -> RulesetIdentity,
        author: @escaping () -> Author, uptime: @escaping () -> Int64,
        arm: @escaping (_ directory: String) throws(KernelError) -> Void, announce: @escaping (_ line: String) -> Void
    ) {
        self.location = location
        self.identity = identity
        self.author = author
        self.uptime = uptime
        self.arm = arm
        self.announce = announce
    }
}
