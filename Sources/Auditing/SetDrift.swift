internal import Compiler
internal import Rulesets

extension Drift {
    /// The most elements of one set that are named one by one.
    private static let namedElements = 20

    /// Differences in sets, maps and their elements.
    func sets() -> [Finding] {
        let missing = expected.sets.filter { live.set($0.name) == nil }.map { set in
            finding("\(set.kind) \"\(set.name)\" is missing", set: set.name)
        }
        let extra = live.sets.filter { expected.set($0.name) == nil }.map { set in
            finding("there is a \(set.kind) \"\(set.name)\" that the policy does not make", set: set.name)
        }
        return missing + extra
            + expected.sets.flatMap { set in live.set(set.name).map { compare(set, with: $0) } ?? [] }
    }

    private func compare(_ expected: NamedSet, with live: NamedSet) -> [Finding] {
        guard expected.definition == live.definition else {
            let difference = expected.definition.difference(from: live.definition)
            return [finding("\(expected.kind) \"\(expected.name)\" has \(difference)", set: expected.name)]
        }
        let change = ElementChange(from: live.elements, to: expected.elements, of: expected.definition)
        let (gone, come) = (change.flushes ? live.elements : change.deleted, change.added)
        return elements(gone, of: expected) {
            "\(expected.kind) \"\(expected.name)\" has \($0) that the policy does not"
        }
            + elements(come, of: expected) { "\(expected.kind) \"\(expected.name)\" lacks \($0)" }
    }

    private func elements(_ elements: SetElements, of set: NamedSet, message: (String) -> String) -> [Finding] {
        let named = elements.prefix(Self.namedElements)
        let texts = named.texts(of: set.definition)
        var findings = zip(texts, named.targets).map { text, target in
            finding(message(text), set: set.name, policy: target.flatMap { origins.chains[$0] })
        }
        if elements.count > texts.count {
            findings.append(finding(message("\(elements.count - texts.count) more elements"), set: set.name))
        }
        return findings
    }
}

extension NamedSet {
    /// What nft calls it.
    fileprivate var kind: String { definition.flags.contains(.map) ? "map" : "set" }
}

extension SetDefinition {
    /// In words, what this definition has that `live` has not.
    fileprivate func difference(from live: SetDefinition) -> String {
        if flags != live.flags {
            return "flags \"\(live.flags.text)\", not \"\(flags.text)\""
        }
        if size != live.size { return "size \(live.size.text), not \(size.text)" }
        if timeout != live.timeout { return "timeout \(live.timeout.text) ms, not \(timeout.text) ms" }
        if (keyType, keyLength) != (live.keyType, live.keyLength) || dataType != live.dataType {
            return "another type"
        }
        return "properties that the policy does not give it"
    }
}

extension SetDefinition.Flags {
    fileprivate var text: String { names.isEmpty ? "none" : names.joined(separator: ",") }
}

extension Optional where Wrapped: BinaryInteger {
    fileprivate var text: String { map { "\($0)" } ?? "none" }
}
