internal import Addressing
internal import Compiler
public import Listeners
public import Policies
public import Reachability
public import Rulesets

/// A policy that lets in what live rulesets let in, and the proof.
public struct RulesetImport {
    /// The text of the policy.
    public let text: String
    /// The comparison of the policy with the rulesets; `nil` if the text is not a valid policy.
    public let proof: ImportProof?
    /// The policy; `nil` if the text is not a valid one.
    public let policy: Policy?
    /// Errors in the text: none, unless this program has a fault.
    public let diagnostics: [Diagnostic]
    /// The tables that it replaces, and the remaining ones.
    public let takeover: Takeover
    /// The rules that translate addresses and stay, since a policy cannot say them.
    public let kept: [KeptRule]
    /// The rules that translate addresses and go with their firewall, though a policy cannot say them.
    public let gone: [KeptRule]
    /// Sentences about what changes though the same connections are let in: answers to refused packets, and their logging.
    public let remarks: [String]

    /// Writes the policy, reads it again, compiles it, and compares.
    ///
    /// - Parameters:
    ///   - tables: the live tables.
    ///   - own: the name of portreeve's table.
    ///   - circumstances: the circumstances in which packets meet the tables.
    ///   - listeners: the listening sockets, which tell the processes of services.
    ///   - files: the files that the policy reader reads beside the text.
    ///   - hostFiles: the files of the host whose rulesets these are, for the reasons and names in the files of ufw and
    ///     firewalld; `nil` if it is another.
    ///   - options: the options of the policy reader.
    ///   - userName: the name of a user of this host, by its number.
    public init(
        of tables: [Table], own: TableName, in circumstances: Circumstances, listeners: [Listener],
        files: any PolicyFiles, hostFiles: (any PolicyFiles)? = nil, options: ReadingOptions,
        userName: @escaping (UInt32) -> String? = { _ in nil }
    ) {
        let assumed = circumstances.assumedAddresses
        var circumstances = circumstances.withAssumedAddresses
        circumstances.tellsAddressesApart = true
        let sourcePorts = SourcePorts(tables)
        circumstances.sourcePort = sourcePorts.ordinary
        var takeover = Takeover(tables, own: own)
        let regions = AccessRegions(takeover.imported, in: circumstances)
        let named = InterfaceClass.all(in: tables, circumstances.routes, includesOutput: true)
        let present = circumstances.routes?.outerInterfaces ?? []
        let interfaces = Set(named.compactMap(\.pattern) + present).subtracting(["lo"])
        let translation = TranslationPlan(takeover, in: circumstances, interfaces: interfaces)
        let leaving = OutboundPlan(takeover, in: circumstances, interfaces: interfaces)
        takeover.replace(translation.replaced)
        takeover.replace(outbound: leaving.chains)
        self.takeover = takeover
        (kept, gone) = (translation.kept, translation.gone)
        let lists = FilledLists(tables)
        var draft = PolicyDraft(
            regions, of: takeover.imported, in: circumstances, interfaces: interfaces, translation, leaving, lists)
        draft.remarks += lists.sentences(takeover.imported) + EmptySets(takeover).sentences
        draft.remarks += UnmatchedRules(takeover, among: tables, in: circumstances).sentences
        draft.remarks += IneffectiveRefusals(regions, takeover.imported, in: circumstances).sentences
        draft.surroundings = Surroundings(takeover, of: draft).lines + assumed.map(\.assumption)
        if let hostFiles {
            let ufw = UfwRules(hostFiles)
            let firewalld = takeover.firewalls.contains(.firewalld) ? FirewalldServices(hostFiles) : nil
            for index in draft.services.indices {
                ufw.explain(&draft.services[index])
                firewalld?.name(&draft.services[index])
            }
        }
        remarks = draft.remarks
        let names = PortNames(servicesDatabase: options.servicesDatabase, files: files)
        text = ImportedPolicy(draft, of: takeover.origin, names, listeners: listeners, userName: userName).text
        let reading = PolicyReader.read(path: "-", options: options, files: TextFile(text: text, files: files))
        diagnostics = reading.diagnostics.filter { $0.severity == .error }
        let remaining = takeover.remaining
        policy = reading.policy
        proof = reading.policy.map { policy in
            let new = [compile(policy).table] + remaining
            let replies = RefusedReplies(draft, from: tables, to: new, in: circumstances).differences
            let discovery = DroppedDiscovery(draft, from: tables, to: new, in: circumstances).differences
            return ImportProof(
                from: tables, to: new, own: own, in: circumstances, sourcePorts,
                hairpins: translation.hairpins, others: draft.unlimited + replies + discovery)
        }
    }

    /// Whether the live rulesets refuse nothing that arrives or leaves, so that there is nothing to import.
    ///
    /// The bans of other programs do not count.
    public static func isOpen(_ tables: [Table], own: TableName, in circumstances: Circumstances) -> Bool {
        let takeover = Takeover(tables, own: own)
        let circumstances = circumstances.withAssumedAddresses
        guard AccessRegions(takeover.imported, in: circumstances).isOpen(but: .impossible) else { return false }
        let sending = takeover.whole.filter { !$0.isOfNeighbour && $0.chains.contains(where: \.filtersOutput) }
        return sending.isEmpty
            || AccessRegions(sending, in: circumstances, path: .leaving).isOpen(but: .loopback)
    }
}

extension AccessRegions {
    /// Whether every port is open to all addresses, but perhaps to these.
    fileprivate func isOpen(but spare: AddressSet) -> Bool {
        [TransportProtocol.tcp, .udp].flatMap(profiles).flatMap(\.cells).allSatisfy {
            AddressSet.all($0.family).subtracting($0.open).subtracting(spare).isEmpty
        }
    }
}

/// The files of a policy whose text is in memory.
private struct TextFile: PolicyFiles {
    let text: String
    let files: any PolicyFiles

    func readStandardInput() throws(FileRefusal) -> PolicyFile { PolicyFile(bytes: Array(text.utf8), identity: []) }

    func read(_ path: String, checksOwnership: Bool) throws(FileRefusal) -> PolicyFile {
        try files.read(path, checksOwnership: checksOwnership)
    }

    func checkDirectories(above path: String) throws(FileRefusal) {}

    func identity(of path: String) -> [UInt64]? { files.identity(of: path) }

    func number(ofUser name: String) -> UInt32? { files.number(ofUser: name) }

    func paths(matching pattern: String) throws(FileRefusal) -> [String] { try files.paths(matching: pattern) }
}
