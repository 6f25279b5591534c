internal import Addressing
internal import Reachability

/// The limits of new connections by the place where they arrive; a policy has one limit for all places.
struct PlacedLimits {
    /// Packets of one family by one class of interfaces, and their limit.
    struct Place {
        let transport: TransportProtocol
        let ports: ClosedRange<UInt16>
        let family: AddressFamily
        /// The interfaces; `nil` for all that no rule names.
        let interface: String?
        let sources: AddressSet
        /// The limit; `nil` for none.
        let limit: PolicyDraft.DraftLimit?
    }

    private var places: [Place] = []

    /// Adds places.
    mutating func add(_ more: [Place]) { places += more }

    /// The limit of the policy: without a text if rules have different ones, or one that a policy cannot say; `nil` for none.
    var common: PolicyDraft.DraftLimit? {
        let limits = places.compactMap(\.limit)
        guard var limit = limits.first else { return nil }
        if !limits.allSatisfy({ $0.text == limit.text }) { limit.text = nil }
        return limit
    }

    /// The cells with the clients alone that have no limit.
    func unlimited(_ cells: [AccessProfile.Cell]) -> [AccessProfile.Cell] {
        let free = places.filter { $0.limit == nil }
        return cells.map { cell in
            var cell = cell
            let here = free.filter { $0.family == cell.family && $0.interface == cell.interface.pattern }
            cell.open = here.reduce(AddressSet()) { $0.union($1.sources) }.intersection(cell.open)
            return cell
        }
    }

    /// The places whose limit is another one than that of the policy.
    func differences(from policy: PolicyDraft.DraftLimit?) -> [ImportDifference] {
        var found: [ImportDifference: Set<String?>] = [:]
        var order: [ImportDifference] = []
        for place in places where place.limit?.text != policy?.text || place.limit != nil && place.limit?.text == nil {
            let isNarrower = place.limit == nil
            guard let rule = isNarrower ? policy?.rule : place.limit?.rule, let sources = place.sources.possible else {
                continue
            }
            var difference = ImportDifference(
                kind: isNarrower ? .narrower : .wider, transport: place.transport, ports: place.ports,
                family: place.family, sources: sources, interfaces: [], destinations: [])
            difference.limit = rule
            if found[difference] == nil { order.append(difference) }
            found[difference, default: []].insert(place.interface)
        }
        return order.map { difference in
            let interfaces = found[difference] ?? []
            let all = places.filter { $0.family == difference.family && $0.transport == difference.transport }
            var difference = difference
            let isWhole = interfaces == Set(all.map(\.interface))
            difference.interfaces = isWhole ? [] : interfaces.sorted { ($0 ?? "~") < ($1 ?? "~") }
            return difference
        }
    }
}
