/// The files of a policy, as the host opens, checks and reads them: `TrustedFiles` of the target `System`.
public protocol PolicyFiles {
    /// The contents of the regular file at `path`, at most 64 MiB.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - checksOwnership: whether to refuse a file that users other than root and the caller can write.
    /// - Returns: the contents and the identity.
    /// - Throws: the reason why the file is refused or cannot be read.
    func read(_ path: String, checksOwnership: Bool) throws(FileRefusal) -> PolicyFile

    /// The contents of standard input, at most 64 MiB.
    func readStandardInput() throws(FileRefusal) -> PolicyFile

    /// Refuses a path if users other than root and the caller can write a directory above it; the file need not exist.
    func checkDirectories(above path: String) throws(FileRefusal)

    /// The identity of the file at `path`; `nil` if there is none.
    func identity(of path: String) -> [UInt64]?

    /// The paths that match a pattern of glob(7), in any order.
    func paths(matching pattern: String) throws(FileRefusal) -> [String]

    /// The contents of the list at `path` as it was when the policy was applied last; `nil` if that is not known.
    func lastList(_ path: String) -> [UInt8]?

    /// The addresses of a DNS name that are known, one a line; `nil` if none is.
    func addresses(ofName name: String) -> [UInt8]?

    /// The number of a user in the user database of the host; `nil` if there is none.
    func number(ofUser name: String) -> UInt32?
}

extension PolicyFiles {
    /// Not known.
    public func lastList(_ path: String) -> [UInt8]? { nil }

    /// None is known.
    public func addresses(ofName name: String) -> [UInt8]? { nil }

    /// No user is known.
    public func number(ofUser name: String) -> UInt32? { nil }
}

/// The contents and the identity of a file.
public struct PolicyFile: Sendable {
    /// The contents.
    public var bytes: [UInt8]
    /// The device and the inode number, the same for two paths of one file; empty for standard input.
    public var identity: [UInt64]
    /// Whether messages must not show the contents, since the user who called sudo could not read them.
    public var isHidden: Bool

    /// A file of these parts.
    public init(bytes: [UInt8], identity: [UInt64], isHidden: Bool = false) {
        self.bytes = bytes
        self.identity = identity
        self.isHidden = isHidden
    }
}

/// The reason why a file was not read: the predicate of a sentence about the file.
public struct FileRefusal: Error, Hashable {
    /// The predicate: `cannot be read: permission denied`.
    public var message: String
    /// Why there was nothing to judge; `nil` if the file was refused for what it is.
    public var fault: PolicyReading.Fault?

    /// A refusal with this predicate.
    public init(message: String, fault: PolicyReading.Fault? = nil) {
        self.message = message
        self.fault = fault
    }
}
