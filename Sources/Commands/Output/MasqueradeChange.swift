internal import Changes
internal import Compiler

/// A change of an entry of `masquerade`.
struct MasqueradeChange {
    let name: String
    let before: DecompiledMasquerade?
    let after: DecompiledMasquerade?

    var action: ObjectChange.Action { before == nil ? .add : after == nil ? .remove : .change }

    /// The entry, or the entries before and after.
    var text: String { [before, after].compactMap { $0?.text }.joined(separator: " -> ") }
}

extension PolicyChange {
    /// Every entry of `masquerade` that is added, removed or changed, by name.
    var masquerades: [MasqueradeChange] {
        let old = Dictionary(before.masquerades.map { ($0.name, $0) }) { first, _ in first }
        let new = Dictionary(after.masquerades.map { ($0.name, $0) }) { first, _ in first }
        return Set(old.keys).union(new.keys).sorted().compactMap { name in
            old[name] == new[name] ? nil : MasqueradeChange(name: name, before: old[name], after: new[name])
        }
    }
}
