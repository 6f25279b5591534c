/// Reads a policy with its included files and lists.
public enum PolicyReader {
    /// The policy at `path`, and the diagnostics about it.
    ///
    /// Every failure becomes a diagnostic, whether a file cannot be read or is invalid.
    ///
    /// - Parameters:
    ///   - path: The policy file; `-` for standard input.
    ///   - options: The inputs beside the files.
    ///   - files: The files of the host.
    /// - Returns: The policy, `nil` after an error, and the diagnostics.
    public static func read(path: String, options: ReadingOptions, files: any PolicyFiles) -> PolicyReading {
        let log = DiagnosticLog()
        let assembly = PolicyAssembly(options: options, files: files, log: log)
        let policy = assembly.assemble(path)
        return PolicyReading(
            policy: log.hasErrors ? nil : policy, diagnostics: log.sorted(), fault: assembly.fault,
            refusedLists: assembly.refusedLists)
    }
}

/// The inputs beside the files of a policy: permissions, the services database and the time.
public struct ReadingOptions: Hashable, Sendable {
    /// Whether to read files even if other users can write them.
    public var allowInsecurePermissions: Bool
    /// Whether to check the owner and the permissions of each file; set if the effective user is root.
    public var checksOwnership: Bool
    /// The path of the services database, services(5).
    public var servicesDatabase: String
    /// The path of the protocols database, protocols(5).
    public var protocolsDatabase: String
    /// The path that the main file is checked for, if it is not its own; `nil` for its own.
    public var destination: String?
    /// The current time in seconds since 1970-01-01T00:00:00Z; `nil` for no warnings about expired services.
    public var now: Int64?
    /// The ids of findings, for `accepted`; `nil` to allow any word.
    public var findings: [String]?
    /// The interfaces of this host, for warnings about names that are not theirs; empty for none.
    public var interfaces: [InterfaceName] = []
    /// Whether a list that cannot be used is as it was when the policy was applied last, instead of an error.
    public var keepsLastLists = false
    /// Whether a user of `outbound` that this host does not have is an error, not a warning.
    public var requiresUsers = false
    /// The names of this host, which a policy with `host` must be for; `nil` to read it on any host.
    public var hostNames: [String]?

    /// Options of these parts.
    public init(
        allowInsecurePermissions: Bool = false, checksOwnership: Bool = false,
        servicesDatabase: String = "/etc/services", protocolsDatabase: String = "/etc/protocols",
        destination: String? = nil, now: Int64? = nil,
        findings: [String]? = nil, hostNames: [String]? = nil
    ) {
        self.allowInsecurePermissions = allowInsecurePermissions
        self.checksOwnership = checksOwnership
        self.servicesDatabase = servicesDatabase
        self.protocolsDatabase = protocolsDatabase
        self.destination = destination
        self.now = now
        self.findings = findings
        self.hostNames = hostNames
    }
}

/// The result of reading a policy.
public struct PolicyReading: Hashable, Sendable {
    /// Why there was no policy to judge.
    public enum Fault: Hashable, Sendable {
        /// There is no file at the path.
        case absent
        /// The file could not be read.
        case unreadable
    }

    /// The policy; `nil` after an error.
    public var policy: Policy?
    /// Errors and warnings, in the order of the files and of the places in each file.
    public var diagnostics: [Diagnostic]
    /// Why the main file could not be read; `nil` if it was, or if it was refused.
    public var fault: Fault?
    /// The lists that cannot be used, and were applied before: errors, unless the last good ones were kept.
    public var refusedLists: [ListRefusal]

    /// A reading of these parts.
    public init(
        policy: Policy?, diagnostics: [Diagnostic], fault: Fault? = nil, refusedLists: [ListRefusal] = []
    ) {
        self.policy = policy
        self.diagnostics = diagnostics
        self.fault = fault
        self.refusedLists = refusedLists
    }
}

/// The names of an interface of a host.
public struct InterfaceName: Hashable, Sendable {
    /// The name that rules match.
    public var name: String
    /// Its alternative names, which they do not match.
    public var otherNames: [String]

    /// An interface with these names.
    public init(_ name: String, otherNames: [String] = []) {
        self.name = name
        self.otherNames = otherNames
    }
}
