internal import Addressing
internal import Auditing
internal import Policies

/// The refusals in columns; a source that looks for open ports has one row.
struct RefusalTable {
    private static let headings = ["SOURCE", "PORT", "TIMES", "FIRST", "LAST", "SERVICE", "WHY"]

    private let table: TextTable?

    /// The headings of columns that a narrow terminal leaves out.
    var omitted: [String] { table?.omitted ?? [] }

    /// The lines of each row, the heading first; none without refusals.
    var rows: [[String]] { table?.rows ?? [] }

    init(_ refusals: [Refusal], width: Int?, now: Int64) {
        var rows: [[String]] = []
        var scanners: Set<IPAddress> = []
        let scans = Dictionary(grouping: refusals.filter(\.isScan)) { $0.knock.source.network }
        for refusal in refusals {
            let network = refusal.knock.source.network
            if let scan = scans[network], refusal.isScan {
                if scanners.insert(network).inserted { rows.append(Self.row(scan, now)) }
            } else {
                rows.append(Self.row(refusal, now))
            }
        }
        table =
            rows.isEmpty
            ? nil : TextTable([Self.headings] + rows, breakable: [1, 5, 6], omissible: [3, 5], width: width)
    }

    private static func row(_ refusal: Refusal, _ now: Int64) -> [String] {
        [
            refusal.peerText, refusal.portText, "\(refusal.count.packets)", age(refusal.count.first, now),
            age(refusal.count.last, now), refusal.service ?? TextTable.nothing, refusal.whyText,
        ]
    }

    /// The row of a source that looks for open ports.
    private static func row(_ scan: [Refusal], _ now: Int64) -> [String] {
        let (sources, first) = (Set(scan.map(\.knock.source)), scan[0].knock.source)
        let ports = Set(scan.map(\.portText)).count
        let packets = scan.reduce(0) { $0 + $1.count.packets }
        return [
            sources.count == 1 ? "\(first)" : "\(first.network)/64", "\(ports) ports", "\(packets)",
            age(scan.map(\.count.first).min() ?? now, now), age(scan.map(\.count.last).max() ?? now, now),
            TextTable.nothing, "port scan",
        ]
    }

    private static func age(_ time: Int64, _ now: Int64) -> String {
        time >= now ? "now" : "\(TimeSpan(seconds: now - time).text) ago"
    }
}
