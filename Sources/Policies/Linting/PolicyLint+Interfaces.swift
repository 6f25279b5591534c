internal import Addressing

extension PolicyLint {
    /// Checks the names under `interfaces` of an entry against those of the host.
    ///
    /// A name that no interface has may be that of one that comes later, unless it looks like a slip.
    func checkInterfaces(_ patterns: [InterfacePattern], in node: YamlNode) {
        guard !interfaces.isEmpty, let items = node.value(of: "interfaces")?.items else { return }
        for (pattern, item) in zip(patterns, items) where !pattern.isPrefix {
            guard !interfaces.contains(where: { $0.name == pattern.name }) else { continue }
            let name = Printable.quoted(pattern.name)
            if let real = interfaces.first(where: { $0.otherNames.contains(pattern.name) }) {
                log.warning(
                    "interface \(name) is another name of \(Printable.quoted(real.name)), and rules match that one only",
                    at: item.place, repair: real.name)
            } else if let real = interfaces.first(where: { Spelling.isSlip(pattern.name, of: $0.name) }) {
                log.warning(
                    "no interface is named \(name); write \(Printable.quoted(pattern.name + "*")) if it comes later",
                    at: item.place, repair: real.name)
            }
        }
    }
}
