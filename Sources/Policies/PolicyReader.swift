/// Reads a policy with its includes and lists.
public enum PolicyReader {
    /// The policy at `path`, and everything there is to say about it.
    ///
    /// No input makes it fail otherwise: what cannot be read or understood becomes a diagnostic.
    ///
    /// - Parameters:
    ///   - path: The policy file; `-` for standard input.
    ///   - options: What depends on who asks and when.
    /// - Returns: The policy, or `nil` for it after an error, and the diagnostics.
    public static func read(path: String, options: ReadingOptions) -> PolicyReading {
        let log = DiagnosticLog()
        let policy = PolicyAssembly(options: options, log: log).assemble(path)
        return PolicyReading(policy: log.hasErrors ? nil : policy, diagnostics: log.sorted())
    }
}

/// What depends on who reads a policy, and when.
public struct ReadingOptions: Hashable, Sendable {
    /// Whether files that others can write are read all the same.
    public var allowInsecurePermissions: Bool
    /// Whether the owner and the permissions of every file matter: where the effective user is root.
    public var checksOwnership: Bool
    /// The path of the services database, services(5).
    public var servicesDatabase: String
    /// The time in seconds since 1970-01-01T00:00:00Z; `nil` to say nothing of services that have expired.
    public var now: Int64?

    /// Options of these parts.
    public init(
        allowInsecurePermissions: Bool = false, checksOwnership: Bool = false,
        servicesDatabase: String = "/etc/services", now: Int64? = nil
    ) {
        self.allowInsecurePermissions = allowInsecurePermissions
        self.checksOwnership = checksOwnership
        self.servicesDatabase = servicesDatabase
        self.now = now
    }
}

/// What came of reading a policy.
public struct PolicyReading: Hashable, Sendable {
    /// The policy; `nil` when there is an error.
    public var policy: Policy?
    /// Errors and warnings, in the order of the files and of the places in them.
    public var diagnostics: [Diagnostic]

    /// A reading of these parts.
    public init(policy: Policy?, diagnostics: [Diagnostic]) {
        self.policy = policy
        self.diagnostics = diagnostics
    }
}
