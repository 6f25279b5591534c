internal import Addressing
internal import Reachability

extension PolicyDraft {
    /// The differences for limits that the policy cannot say.
    var unlimited: [ImportDifference] {
        services.filter { $0.limit != nil && $0.limit?.text == nil }.flatMap(\.unlimited) + unlimitedEchoes
    }

    private var unlimitedEchoes: [ImportDifference] {
        guard let pingLimit, pingLimit.text == nil else { return [] }
        let clients: AddressSet
        switch ping {
        case .accept: clients = .any
        case .drop: return []
        case .from(let sources, _): clients = sources
        }
        return AddressFamily.allCases.compactMap { family in
            let port = EchoRequest.port(family)
            return .unlimited(
                EchoRequest.transport(family), port...port, family, clients.part(family), pingLimit.rule)
        }
    }
}

extension PolicyDraft.Service {
    /// The differences for a service whose limit the policy cannot say.
    fileprivate var unlimited: [ImportDifference] {
        ports.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { transport, ports in
            ports.ranges.flatMap { range in
                AddressFamily.allCases.compactMap { family in
                    let sources = entries.reduce(AddressSet()) { $0.union($1.sources.part(family)) }
                    return .unlimited(transport, range, family, sources, limit?.rule)
                }
            }
        }
    }
}

extension ImportDifference {
    /// The difference for a limit; `nil` without sources.
    fileprivate static func unlimited(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ family: AddressFamily, _ sources: AddressSet,
        _ rule: String?
    ) -> ImportDifference? {
        guard !sources.isEmpty else { return nil }
        var difference = ImportDifference(
            kind: .wider, transport: transport, ports: ports, family: family, sources: sources, interfaces: [],
            destinations: [])
        difference.limit = rule
        return difference
    }
}
