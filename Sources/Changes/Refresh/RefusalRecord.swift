internal import Policies
internal import System

/// The lists that the last run refused, so that each is told once.
struct RefusalRecord {
    private static let name = "refused-lists"
    private static let documentKind = "refused-lists"

    private var reasons: [String: String] = [:]

    /// The record of these refusals.
    init(_ refusals: [ListRefusal]) {
        reasons = Dictionary(refusals.map { ($0.path, $0.reason) }) { first, _ in first }
    }

    /// Reads the record; empty if there is none, or if it cannot be read.
    init(_ files: StateFiles) {
        guard let bytes = (try? files.read(Self.name)) ?? nil,
            let document = try? StateDocument(bytes, kind: Self.documentKind)
        else { return }
        let fields = document.fields.map { String(decoding: $0.bytes, as: UTF8.self) }
        for index in stride(from: 0, to: fields.count - 1, by: 2) { reasons[fields[index]] = fields[index + 1] }
    }

    /// Saves the record.
    func store(in files: StateFiles) throws(KernelError) {
        var document = StateDocument(kind: Self.documentKind)
        for (path, reason) in reasons.sorted(by: { $0.key < $1.key }) {
            document.append("path", path)
            document.append("reason", reason)
        }
        try files.write(Self.name, document)
    }

    /// The refusals that are new or have another reason, and the paths of the lists that are no longer refused.
    func news(in refusals: [ListRefusal]) -> (new: [ListRefusal], over: [String]) {
        let paths = Set(refusals.map(\.path))
        return (refusals.filter { reasons[$0.path] != $0.reason }, reasons.keys.filter { !paths.contains($0) }.sorted())
    }
}
