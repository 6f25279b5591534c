/// What several hosts have in common, and which of them differ.
struct FleetComparison {
    /// A port of a service, as one host opens it.
    private struct Subject: Hashable, Comparable {
        let service: String
        let port: String

        static func < (first: Self, second: Self) -> Bool {
            (first.service, first.port) < (second.service, second.port)
        }
    }

    /// A port that some hosts open otherwise than most.
    struct Difference {
        let service: String
        let port: String
        /// How most hosts open it, and how many.
        let common: String
        let commonCount: Int
        /// The other ways, each with its hosts.
        let others: [(text: String, hosts: [String])]
        /// Hosts without it, where nearly all have it.
        let missing: [String]
    }

    /// A host, with the numbers that order it.
    struct Row {
        let document: JSON
        let name: String
        let errors: Int
        let warnings: Int
        let isInSync: Bool
        /// On how many ports it differs from most of the hosts.
        let differences: Int
    }

    /// The differences, by service.
    let differences: [Difference]
    /// The hosts, the ones that deviate most first.
    let rows: [Row]

    /// A port is missed on a host if at least this part of the hosts has it, in hundredths.
    private static let nearlyAll = 80

    init(_ documents: [JSON]) {
        var ways: [Subject: [String: [String]]] = [:]
        for document in documents {
            let host = document["host"].string ?? "unknown"
            for port in document["ports"].items where port["declared"].isTrue {
                let row = PortRow(port, made: "")
                let service = port["service"].string ?? port["trusted"].string ?? ""
                ways[Subject(service: service, port: row.portText), default: [:]][Self.way(port, row), default: []]
                    .append(host)
            }
        }
        let names = documents.map { $0["host"].string ?? "unknown" }
        differences = ways.sorted { $0.key < $1.key }.compactMap { Self.difference($0.key, $0.value, among: names) }
        var counts: [String: Int] = [:]
        for difference in differences {
            for host in difference.others.flatMap(\.hosts) + difference.missing { counts[host, default: 0] += 1 }
        }
        rows = documents.map { Row($0, differences: counts[$0["host"].string ?? "unknown"] ?? 0) }
            .sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }

    /// How a host opens a port: from where, and to which clients that comes out.
    private static func way(_ port: JSON, _ row: PortRow) -> String {
        let entries = port["entries"].items.isEmpty ? [port] : port["entries"].items
        let declared = entries.map(PortRow.sources).joined(separator: "; ")
        let access = row.access.joined(separator: "; ")
        return access == "as declared" ? "from \(declared)" : "from \(declared), open to \(access)"
    }

    private static func difference(
        _ subject: Subject, _ ways: [String: [String]], among hosts: [String]
    ) -> Difference? {
        let sorted = ways.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        guard let common = sorted.first else { return nil }
        let having = Set(ways.values.flatMap(\.self))
        let isCommon = having.count * 100 >= hosts.count * nearlyAll
        let missing = isCommon ? hosts.filter { !having.contains($0) } : []
        guard sorted.count > 1 || !missing.isEmpty else { return nil }
        return Difference(
            service: subject.service, port: subject.port, common: common.key, commonCount: common.value.count,
            others: sorted.dropFirst().map { ($0.key, $0.value) }, missing: missing)
    }
}

extension FleetComparison.Row {
    fileprivate init(_ document: JSON, differences: Int) {
        let findings = document["findings"].items
        func count(_ severity: String) -> Int { findings.count { $0["severity"].string == severity } }
        self.init(
            document: document, name: document["host"].string ?? "unknown", errors: count("error"),
            warnings: count("warning"), isInSync: document["state"].items.compactMap(\.string) == ["in-sync"],
            differences: differences)
    }

    /// The worst first.
    fileprivate var order: [Int] { [isInSync ? 1 : 0, -errors, -differences, -warnings] }

    /// The style of its row.
    var style: String { errors > 0 ? "error" : !isInSync || warnings > 0 || differences > 0 ? "warning" : "" }
}
