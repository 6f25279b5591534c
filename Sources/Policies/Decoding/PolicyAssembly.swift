internal import Addressing

/// Assembles one policy from its files: first all groups, then the services and tests that name them.
struct PolicyAssembly {
    private let options: ReadingOptions
    private let log: DiagnosticLog
    private let loader: FileLoader
    private let lists: ListReader
    private let names: NameReader
    private let groups: SourceGroups

    /// An assembly before any file is read.
    init(options: ReadingOptions, files: any PolicyFiles, log: DiagnosticLog) {
        self.options = options
        self.log = log
        let checksOwnership = options.checksOwnership && !options.allowInsecurePermissions
        loader = FileLoader(files: files, checksOwnership: checksOwnership, log: log)
        lists = ListReader(loader: loader, log: log, keepsLast: options.keepsLastLists)
        names = NameReader(loader: loader, log: log)
        groups = SourceGroups(lists: lists, names: names, log: log)
    }

    /// The lists that cannot be used, and were applied before.
    var refusedLists: [ListRefusal] { lists.refusals }

    /// Why the main file could not be read; `nil` if it was, or if it was refused.
    var fault: PolicyReading.Fault? { loader.fault }

    /// The policy at `path`; after an error it is incomplete or `nil`.
    func assemble(_ path: String) -> Policy? {
        let documents = PolicyDocument.loadAll(path, as: options.destination, loader, log)
        guard let main = documents.first else { return nil }
        var policy = policyOfGroups(documents, main)
        let decoder = serviceDecoder(requiring: policy.defaults.require)
        let deny = denied(documents)
        lists.warnOfWideEntries(among: groups.lists(of: deny?.list.entries ?? []))
        policy.deny = deny?.list
        policy.neverDeny = neverDenied(main)
        if let kept = policy.neverDeny, let denied = policy.deny?.addresses {
            policy.deny?.addresses = denied.subtracting(kept.addresses)
        }
        policy.trusted = trusted(main).sorted { $0.name < $1.name }
        let services = self.services(documents, decoder, besides: policy.trusted)
        policy.services = services.map(\.service).sorted { $0.name < $1.name }
        let outbound = OutboundDecoder(
            services: decoder, number: loader.files.number(ofUser:), requiresUsers: options.requiresUsers)
        let lines = outbound.lines(documents)
        policy.outbound = lines.map(\.line).sorted { $0.name < $1.name }
        let assertions = assertions(documents, decoder, outbound)
        policy.assertions = assertions.inbound.map(\.assertion)
        policy.outboundAssertions = assertions.outbound.map(\.assertion)
        let masquerades = masquerades(documents)
        policy.masquerades = masquerades.map(\.masquerade).sorted { $0.name < $1.name }
        let acceptances = acceptances(documents, decoder)
        policy.acceptances = acceptances.map(\.acceptance)
        noteFiles(in: &policy)
        PortOverlap.report(services, log)
        guard !log.hasErrors else { return nil }
        check(assertions, of: policy)
        let lint = PolicyLint(policy: policy, now: options.now, interfaces: options.interfaces, log: log)
        lint.run(services, root: main.keyed, denied: deny?.places ?? [])
        lint.check(lines, in: documents)
        for placed in masquerades { lint.check(placed) }
        lint.check(acceptances)
        if let place = names.firstPlace { lint.noteTrustInNames(at: place) }
        groups.warnOfUnused()
        return policy
    }

    /// A policy of the groups of all files, and of the hosts and the defaults of the main one.
    private func policyOfGroups(_ documents: [PolicyDocument], _ main: PolicyDocument) -> Policy {
        for document in documents {
            if let node = document.keyed["sources"] { groups.define(node) }
        }
        let resolved = groups.resolveAll()
        let defaults = main.keyed["defaults"].map { Defaults(decoding: $0, groups, log) } ?? Defaults()
        groups.families = defaults.families
        let hosts = main.keyed["host"].map { HostPattern.all(decoding: $0, names: options.hostNames, log) } ?? []
        return Policy(hosts: hosts, defaults: defaults, groups: resolved)
    }

    /// The decoder of services that must have these keys.
    private func serviceDecoder(requiring required: [String]) -> ServiceDecoder {
        let protocols = ProtocolDecoder(
            database: ProtocolsDatabase(path: options.protocolsDatabase, in: loader.files), log: log)
        let ports = PortDecoder(
            database: ServicesDatabase(path: options.servicesDatabase, in: loader.files), protocols: protocols.database,
            log: log)
        return ServiceDecoder(groups: groups, ports: ports, protocols: protocols, required: required, log: log)
    }

    /// Notes what was read.
    private func noteFiles(in policy: inout Policy) {
        policy.files = loader.paths
        policy.texts = loader.texts
        policy.lists = loader.lists
        policy.listFiles = lists.files
        policy.names = names.names
    }

    /// The entries of `tests`, each with its place.
    private typealias PlacedAssertions = (
        inbound: [(assertion: Assertion, place: SourceSpan)],
        outbound: [(assertion: OutboundAssertion, place: SourceSpan)]
    )

    private func assertions(
        _ documents: [PolicyDocument], _ decoder: ServiceDecoder, _ outbound: OutboundDecoder
    ) -> PlacedAssertions {
        let tests = tests(documents)
        let inward = tests.filter { $0.value(of: "out") == nil }.compactMap { node in
            decoder.assertion(node).map { ($0, node.place) }
        }
        let outward = tests.filter { $0.value(of: "out") != nil }.compactMap { node in
            outbound.assertion(node).map { ($0, node.place) }
        }
        return (inward, outward)
    }

    private func check(_ assertions: PlacedAssertions, of policy: Policy) {
        // A check prepares an index of all ports.
        if !assertions.inbound.isEmpty {
            let check = AssertionCheck(policy, log)
            for (assertion, place) in assertions.inbound { check.run(assertion, at: place) }
        }
        if !assertions.outbound.isEmpty {
            let check = OutboundCheck(policy, log)
            for (assertion, place) in assertions.outbound { check.run(assertion, at: place) }
        }
    }

    /// The `deny` of all files as one list, located at the first one, and the place of each entry.
    private func denied(_ documents: [PolicyDocument]) -> (list: SourceList, places: [SourceSpan])? {
        var all: (list: SourceList, places: [SourceSpan])?
        for document in documents {
            guard let node = document.keyed["deny"] else { continue }
            if case .sequence(let items) = node.content, items.isEmpty { continue }
            guard let list = groups.list(node, as: "deny") else { continue }
            if list.addresses.isAny {
                let result = "no client could reach this host, not even over established connections"
                log.error("\"deny\" covers every address: \(result)", at: node.place)
            }
            let places = node.items.map(\.place)
            guard let earlier = all else {
                all = (list, places)
                continue
            }
            all?.list.entries = earlier.list.entries + list.entries
            all?.list.addresses = earlier.list.addresses.union(list.addresses)
            all?.places = earlier.places + places
        }
        return all
    }

    /// The sources that `deny` never covers.
    private func neverDenied(_ main: PolicyDocument) -> SourceList? {
        guard let node = main.keyed["never-deny"], let list = groups.list(node, as: "never-deny") else { return nil }
        if list.addresses.isAny {
            log.error("\"never-deny\" covers every address: \"deny\" has no effect", at: node.place)
        }
        return list
    }

    private func trusted(_ main: PolicyDocument) -> [Trusted] {
        guard let node = main.keyed["trusted"] else { return [] }
        let decoder = EntryDecoder(groups: groups, log: log)
        return (node.uniqueEntries(as: "\"trusted\"", log) ?? []).compactMap(decoder.trusted)
    }

    /// The services and forwards of all files; one name stands for one of them, or for an entry of `trusted`.
    private func services(
        _ documents: [PolicyDocument], _ decoder: ServiceDecoder, besides trusted: [Trusted]
    ) -> [PlacedService] {
        var taken = Dictionary(trusted.map { ($0.name, ("trusted", $0.location)) }) { first, _ in first }
        let services = PolicySection(key: "services", noun: "service", taken: taken).entries(in: documents, log)
        for entry in services { taken[entry.key] = ("services", entry.place.location) }
        let forwards = PolicySection(key: "forward", noun: "forward", taken: taken).entries(in: documents, log)
        return services.compactMap { decoder.service($0) } + forwards.compactMap { decoder.service($0, in: .forward) }
    }

    /// The entries of `masquerade` in all files.
    private func masquerades(_ documents: [PolicyDocument]) -> [PlacedMasquerade] {
        let decoder = EntryDecoder(groups: groups, log: log)
        let section = PolicySection(key: "masquerade", noun: "\"masquerade\"")
        return section.entries(in: documents, log).compactMap { entry in
            decoder.masquerade(entry).map { PlacedMasquerade(masquerade: $0, entry: entry) }
        }
    }

    /// The entries of `tests` in all files, in order.
    private func tests(_ documents: [PolicyDocument]) -> [YamlNode] {
        documents.flatMap { document -> [YamlNode] in
            guard let node = document.keyed["tests"] else { return [] }
            guard case .sequence(let items) = node.content else {
                log.error("\"tests\" must be a list, not \(node.kind)", at: node.place)
                return []
            }
            return items
        }
    }

    private func acceptances(
        _ documents: [PolicyDocument], _ decoder: ServiceDecoder
    ) -> [(acceptance: Acceptance, place: SourceSpan)] {
        documents.flatMap { document -> [(acceptance: Acceptance, place: SourceSpan)] in
            guard let node = document.keyed["accepted"] else { return [] }
            guard case .sequence(let items) = node.content else {
                log.error("\"accepted\" must be a list, not \(node.kind)", at: node.place)
                return []
            }
            return items.compactMap { node in
                decoder.acceptance(node, known: options.findings).map { ($0, node.place) }
            }
        }
    }
}

/// An entry of `masquerade` with its place in the policy.
struct PlacedMasquerade {
    /// The entry.
    let masquerade: Masquerade
    /// The same in the file.
    let entry: YamlEntry
}

/// A service or forward, and its entry in the policy.
struct PlacedService {
    /// The service.
    let service: Service
    /// The entry under `services` or `forward`.
    let entry: YamlEntry
    /// Its ports, each with its place.
    let ports: [PlacedPort]
}
