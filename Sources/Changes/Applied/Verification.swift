public import Addressing
public import Auditing
public import Compiler
public import Kernel
public import Listeners
public import Policies
internal import Rulesets
public import System

/// The comparison of a host with the policy that was applied to it.
public struct Verification {
    /// A part of the host that can be compared.
    public enum Area: String, CaseIterable, Sendable {
        /// The kernel's ruleset.
        case ruleset
        /// The listening sockets.
        case listeners
        /// The established sessions from other hosts.
        case sessions
    }

    /// The parts of a host besides its rulesets.
    public struct Surroundings {
        /// Reads the sockets.
        let sockets: (OwnerRequest) throws(KernelError) -> HostSockets
        /// The sessions.
        let sessions: any SessionStore
        /// Firewalls besides nf_tables, and services that flush its rules.
        let competitors: () -> [Finding]
        /// The servers that the host asks for names.
        let resolvers: () -> [IPAddress]
        /// The BPF programs that decide about listening sockets.
        let programs: () -> ProgramList

        /// Surroundings of these parts.
        public init(
            sockets: @escaping (OwnerRequest) throws(KernelError) -> HostSockets, sessions: any SessionStore,
            competitors: @escaping () -> [Finding], resolvers: @escaping () -> [IPAddress] = { [] },
            programs: @escaping () -> ProgramList = { ProgramList() }
        ) {
            self.sockets = sockets
            self.sessions = sessions
            self.competitors = competitors
            self.resolvers = resolvers
            self.programs = programs
        }
    }

    /// The policy that the host is held against.
    public let verified: VerifiedPolicy
    private let areas: Set<Area>
    private let now: Int64
    /// The number of elements in a set of portreeve's table.
    private let elementCount: (String) throws -> Int
    /// The elements of a set in portreeve's table that have other expressions than these.
    private let otherElements: (String, [Expression]) throws -> [SetElement]
    /// The interfaces and routes of the host; `nil` if the kernel cannot be asked.
    private let network: (any HostNetwork)?
    /// The addresses of the host; `nil` if they cannot be read.
    private let addresses: AddressSet?
    /// The compiled policy with the live grants.
    public let compiled: CompiledPolicy
    private let grantFindings: [Finding]
    /// The use of the services; none by default, so that nothing is said of it.
    public var usage = UsageBook()
    /// Why no table is loaded; `nil` if that is not known, or if one is.
    public var absence: TableAbsence?
    /// The notes about DNS names; `nil` to say nothing of them.
    public var names: NameBook?
    /// What other tables do to the allowed connections, which takes longest of the findings.
    private var overrides: Computation<[Finding]>?
    /// The rulesets, or the reason why they could not be read.
    private let ruleset: Result<WholeRuleset, KernelError>

    /// Reads the rulesets.
    ///
    /// - Parameters:
    ///   - verified: the policy.
    ///   - areas: the parts to compare.
    ///   - store: the ruleset.
    ///   - grants: the grants that are in force.
    ///   - isFull: whether to read all elements of big sets, instead of a comparison with the policy's.
    ///   - now: the time in seconds since 1970-01-01T00:00:00Z.
    /// - Throws: an error in reading the rulesets, unless only listeners are compared and the rulesets need privileges.
    public init(
        _ verified: VerifiedPolicy, _ areas: Set<Area>, in store: any RulesetStore, grants: GrantBook, isFull: Bool,
        now: Int64
    ) throws(KernelError) {
        let ruleset: Result<WholeRuleset, KernelError>
        do throws(KernelError) {
            ruleset = .success(try WholeRuleset(store, expecting: isFull ? [] : [verified.compiled.table]))
        } catch {
            guard error.isDenied, areas == [.listeners] else { throw error }
            ruleset = .failure(error)
        }
        self.init(verified, areas, ruleset, in: store, grants: grants, now: now)
    }

    /// Compares rulesets that were read.
    public init(
        _ verified: VerifiedPolicy, _ ruleset: WholeRuleset, in store: any RulesetStore, grants: GrantBook, now: Int64
    ) { self.init(verified, [.ruleset], .success(ruleset), in: store, grants: grants, now: now) }

    private init(
        _ verified: VerifiedPolicy, _ areas: Set<Area>, _ ruleset: Result<WholeRuleset, KernelError>,
        in store: any RulesetStore, grants: GrantBook, now: Int64
    ) {
        self.ruleset = ruleset
        var verified = verified
        let live = (try? ruleset.get())?.own.table
        if let live { verified.settle { grants.expectation($0, found: live).table == live } }
        compiled = grants.expectation(verified.compiled, found: live)
        grantFindings = areas.contains(.ruleset) ? grants.findings(about: live, compiled) : []
        (self.verified, self.areas, self.now) = (verified, areas, now)
        switch ruleset {
        case .success(let ruleset): (network, addresses) = (ruleset.network ?? store.network(), ruleset.addresses)
        case .failure: (network, addresses) = (store.network(), store.addresses())
        }
        otherElements = { try store.elements(of: $0, in: Names.table, unlike: $1) }
        elementCount = { try store.elementCount(of: $0, in: Names.table) }
    }

    /// The generation of the ruleset; `nil` if it was not read.
    public var generation: UInt32? { (try? ruleset.get())?.generation }

    /// The differences of portreeve's table; empty if the rulesets were not read.
    public var drift: [Finding] {
        guard case .success(let ruleset) = ruleset else { return [] }
        return differences(ruleset)
    }

    private func differences(_ ruleset: WholeRuleset) -> [Finding] {
        let live = ruleset.own.table
        if live == nil, let absence { return [.absent(absence)] }
        return .drift(of: live, from: compiled) + .limitDrift(of: live, from: compiled, others: otherElements)
    }

    /// The rulesets; `nil` if they could not be read.
    public var rulesets: WholeRuleset? { try? ruleset.get() }

    /// The number of services in the policy.
    public var services: Int { verified.policy.services.count }

    /// The entries of `accepted`.
    public var acceptances: [Acceptance] { verified.acceptances }

    /// Starts on what takes longest of the findings, for a caller who has other work before it asks for them.
    public mutating func startFindings() {
        guard case .success(let ruleset) = ruleset, areas.contains(.ruleset) else { return }
        overrides = overrides ?? computation(of: ruleset)
    }

    private func computation(of ruleset: WholeRuleset) -> Computation<[Finding]> {
        let (policy, compiled, others) = (verified.policy, compiled, ruleset.others)
        let circumstances = ruleset.circumstances(now: now)
        return Computation { .foreignOverrides(of: policy, compiled: compiled, others: others, in: circumstances) }
    }

    /// The differences of the host from the policy, before any is accepted.
    public func findings(_ surroundings: Surroundings) throws(KernelError) -> [Finding] {
        var findings = areas.contains(.ruleset) ? verified.findings : []
        switch ruleset {
        case .failure(let error):
            findings += LiveRuleset(unreadable: "\(error)", now: now).audit(
                of: try sockets(surroundings), verified.policy)
        case .success(let ruleset): findings += try self.findings(ruleset, surroundings)
        }
        findings += grantFindings
        if areas.contains(.sessions) { findings += try sessionFindings(surroundings.sessions) }
        findings += host(surroundings.resolvers()) + verified.listFindings
        // Behind all that asks for interfaces and routes.
        if let fault = network?.fault { findings.append(.unreadNetwork(fault)) }
        if let names { findings += .staleNames(of: verified.policy, names, now: now) }
        findings += .unused(of: verified.policy, usage.services, now: now) { Self.sessions(surroundings.sessions) }
        findings += .expiries(of: verified.policy, now: now) + .reviews(of: verified.policy, now: now)
        return findings.map(verified.curing)
    }

    /// The findings about listeners and connections; `live` is the access through the rulesets if it was computed before.
    public func otherFindings(
        _ surroundings: Surroundings, _ sockets: HostSockets, through live: LiveRuleset?
    ) throws(KernelError) -> [Finding] {
        guard let ruleset = rulesets else { return [] }
        let live = live ?? self.live(ruleset, differences(ruleset))
        let found = listenerFindings(sockets, through: live, ruleset) + (try sessionFindings(surroundings.sessions))
        return found.map(verified.curing)
    }

    private func sessionFindings(_ sessions: any SessionStore) throws(KernelError) -> [Finding] {
        try .sessions(verified.policy, compiled, among: sessions, now: now) + .scarcePorts(sessions.scarcePorts())
            + .outboundSessions(verified.policy, among: sessions, now: now)
    }

    private func listenerFindings(
        _ sockets: HostSockets, through live: LiveRuleset, _ ruleset: WholeRuleset
    ) -> [Finding] {
        let routed = RoutedContainers(
            through: ruleset.tables, in: ruleset.circumstances(now: now), known: sockets.containers)
        let audited = live.audit(of: sockets, verified.policy).filter { !$0.isOfUnspokenFamily(among: addresses) }
        return audited + routed.findings(verified.policy)
    }

    /// The open connections; `nil` if some of them cannot be read.
    private static func sessions(_ store: any SessionStore) -> [Session]? {
        guard let list = try? store.read(), list.doubt == nil else { return nil }
        return list.sessions
    }

    /// What the policy says of interfaces and addresses that this host has, or has not.
    private func host(_ resolvers: [IPAddress]) -> [Finding] {
        .unknownInterfaces(of: verified.policy, among: network?.interfaces ?? [])
            + .forwarding(of: verified.policy, over: network)
            + .deniedHost(
                of: verified.policy, addresses: addresses, gateways: network?.gateways ?? [], resolvers: resolvers)
    }

    private func fullLimits(_ ruleset: WholeRuleset) -> [Finding] {
        guard let live = ruleset.own.table else { return [] }
        return .fullLimits(
            in: live, origins: compiled.origins, hits: { ruleset.packets(ofRule: $1, in: $0) }, count: elementCount)
    }

    private func findings(
        _ ruleset: WholeRuleset, _ surroundings: Surroundings
    ) throws(KernelError) -> [Finding] {
        let (policy, circumstances) = (verified.policy, ruleset.circumstances(now: now))
        let overrides = areas.contains(.ruleset) ? overrides ?? computation(of: ruleset) : nil
        let drift = differences(ruleset)
        let listeners = try listenerFindings(surroundings, ruleset, drift)
        guard let overrides else { return listeners }
        var findings = drift + overrides.value()
        findings += .redirectionsElsewhere(of: policy, by: ruleset.others, in: circumstances)
        findings += .foreignBypasses(by: ruleset.others, network?.interfaces ?? [])
        findings += .foreignBypasses(by: surroundings.programs())
        findings += surroundings.competitors()
        return findings + fullLimits(ruleset) + listeners
    }

    /// The findings about listeners; none if only other parts are compared.
    private func listenerFindings(
        _ surroundings: Surroundings, _ ruleset: WholeRuleset, _ drift: [Finding]
    ) throws(KernelError) -> [Finding] {
        guard areas.contains(.listeners) else { return [] }
        return listenerFindings(try sockets(surroundings), through: live(ruleset, drift), ruleset)
    }

    /// The sockets, with the owners that findings can be about.
    private func sockets(_ surroundings: Surroundings) throws(KernelError) -> HostSockets {
        try surroundings.sockets(.chosen { ListenerAudit.socketsToIdentify(among: $0, verified.policy) })
    }

    /// The access through the rulesets.
    private func live(_ ruleset: WholeRuleset, _ drift: [Finding]) -> LiveRuleset {
        LiveRuleset(
            own: ruleset.own.table, others: ruleset.neighbours, drift: drift, in: ruleset.circumstances(now: now),
            now: now)
    }
}
