internal import Rulesets
internal import System

/// The cache as a state document.
extension SetCache {
    private static let kind = "live-sets"

    /// The document to store.
    var document: StateDocument {
        var document = StateDocument(kind: Self.kind)
        document.append("boot", identity.boot)
        document.append("namespace", "\(identity.namespace)")
        document.append("generation", "\(generation)")
        document.append("family", "\(table.family.rawValue)")
        document.append("table", table.name)
        for (name, elements) in sets.sorted(by: { $0.key < $1.key }) {
            document.append("set", name)
            let isPacked = PackedRanges.append(elements, to: &document)
            precondition(isPacked, "only ranges are cached")
        }
        return document
    }

    /// Reads the cache from the bytes of a `document`; `nil` if they are anything else.
    init?(_ bytes: [UInt8]) {
        guard let document = try? StateDocument(bytes, kind: Self.kind), let boot = document.text("boot"),
            let namespace: UInt64 = document.number("namespace"),
            let generation: UInt32 = document.number("generation"),
            let family: UInt8 = document.number("family"), let table = document.text("table")
        else { return nil }
        var sets: [String: SetElements] = [:]
        for (index, field) in document.fields.enumerated() where field.name == "set" {
            guard let name = String(validating: field.bytes, as: UTF8.self), index + 1 < document.fields.count,
                let elements = PackedRanges.elements(document.fields[index + 1])
            else { return nil }
            sets[name] = elements
        }
        self.init(
            identity: RulesetIdentity(boot: boot, namespace: namespace), generation: generation,
            table: TableName(family: TableFamily(rawValue: family), name: table), sets: sets)
    }
}
