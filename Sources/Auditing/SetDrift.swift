internal import Compiler
internal import Rulesets

extension Drift {
    /// At most this many elements of one set are listed; the rest are counted.
    private static let namedElements = 20

    /// Differences in sets, maps and their elements.
    func sets() -> [Finding] {
        let missing = expected.sets.filter { live.set($0.name) == nil }.map { set in
            finding("\(set.kind) \"\(set.name)\" is missing", set: set.name, details: .init(aspect: "missing"))
        }
        let extra = live.sets.filter { expected.set($0.name) == nil }.map { set in
            finding(
                "the \(set.kind) \"\(set.name)\" is not in the policy", set: set.name, details: .init(aspect: "extra"))
        }
        return missing + extra
            + expected.sets.flatMap { set in live.set(set.name).map { compare(set, with: $0) } ?? [] }
    }

    private func compare(_ expected: NamedSet, with live: NamedSet) -> [Finding] {
        guard expected.definition == live.definition else {
            let difference = expected.definition.difference(from: live.definition)
            return [
                finding(
                    "\(expected.kind) \"\(expected.name)\" has \(difference)", set: expected.name,
                    details: .init(aspect: difference))
            ]
        }
        let change = ElementChange(from: live.elements, to: expected.elements, of: expected.definition)
        let (gone, come) = (change.flushes ? live.elements : change.deleted, change.added)
        return elements(gone, of: live, "extra") {
            "\(expected.kind) \"\(expected.name)\" has \($0), not in the policy"
        }
            + elements(come, of: expected, "missing") { "\(expected.kind) \"\(expected.name)\" lacks \($0)" }
    }

    private func elements(
        _ elements: SetElements, of set: NamedSet, _ aspect: String, message: (String) -> String
    ) -> [Finding] {
        let named = elements.prefix(Self.namedElements)
        let texts = named.texts(of: set.definition)
        var findings = zip(texts, named.targets).map { text, target in
            finding(
                message(text), set: set.name, policy: target.flatMap { origins.chains[$0] },
                details: .init(element: text, aspect: aspect))
        }
        if elements.count > texts.count {
            // A different number is a different finding: an element was added or removed since.
            let rest = "\(elements.count - texts.count) more elements"
            findings.append(
                finding(message(rest), set: set.name, details: .init(element: rest, aspect: aspect)))
        }
        return findings
    }
}

extension NamedSet {
    /// nft's word for it.
    fileprivate var kind: String { definition.flags.contains(.map) ? "map" : "set" }
}

extension SetDefinition {
    /// The difference of `live` from this definition, in words: the live value, then the expected one.
    fileprivate func difference(from live: SetDefinition) -> String {
        if flags != live.flags {
            return "flags \"\(live.flags.text)\", not \"\(flags.text)\""
        }
        if size != live.size { return "size \(live.size.text), not \(size.text)" }
        if timeout != live.timeout { return "timeout \(live.timeout.text) ms, not \(timeout.text) ms" }
        if (keyType, keyLength) != (live.keyType, live.keyLength) || dataType != live.dataType {
            return "another type"
        }
        return "properties that are not in the policy"
    }
}

extension SetDefinition.Flags {
    fileprivate var text: String { names.isEmpty ? "none" : names.joined(separator: ",") }
}

extension Optional where Wrapped: BinaryInteger {
    fileprivate var text: String { map { "\($0)" } ?? "none" }
}
