extension Acceptance {
    /// The id that no entry can accept: a table that is not the policy's is to be restored.
    public static let unacceptable = "ruleset-drift"

    /// The keys that an entry may have.
    static let keys =
        ["finding", "port"] + Attribute.allCases.map(\.rawValue) + ["why", "owner", "ticket", "until"]
}

extension ServiceDecoder {
    /// The entry of `accepted` in a node; `nil` after an error.
    ///
    /// `known` are the ids that findings can have, `nil` to allow any word.
    func acceptance(_ node: YamlNode, known: [String]?) -> Acceptance? {
        guard let keyed = KeyedNode(node, as: "an accepted finding", keys: Acceptance.keys, log) else { return nil }
        guard let place = keyed["finding"] else {
            if keyed.lacks("finding") {
                log.error(
                    "an accepted finding lacks \"finding\", the id that verify prints in brackets", at: node.place)
            }
            return nil
        }
        guard let finding = findingID(place, known) else { return nil }
        var acceptance = Acceptance(location: node.place.location, finding: finding)
        if let node = keyed["port"] { acceptance.ports = ports.decode(node, as: "port").map(\.port) }
        acceptance.terms = Acceptance.Attribute.allCases.compactMap { attribute in
            keyed[attribute.rawValue].flatMap { term(attribute, $0) }
        }
        acceptance.why = keyed["why"].flatMap { $0.line(as: "why", log) }
        acceptance.owner = keyed["owner"].flatMap { $0.line(as: "owner", log) }
        acceptance.ticket = keyed["ticket"].flatMap { $0.line(as: "ticket", log) }
        acceptance.until = keyed["until"].flatMap {
            Expiry(decoding: $0, as: "until", without: "to accept the finding for ever", log)
        }
        return acceptance
    }

    private func findingID(_ node: YamlNode, _ known: [String]?) -> String? {
        guard let text = node.text(as: "finding", log) else { return nil }
        if text == Acceptance.unacceptable {
            let advice = "restore the table with \"portreeve apply\", or change the policy"
            log.error("\(Printable.quoted(text)) cannot be accepted: \(advice)", at: node.place)
            return nil
        }
        guard let known, !known.contains(text) else { return text }
        let acceptable = known.filter { $0 != Acceptance.unacceptable }
        log.error(
            "\(Printable.quoted(text)) is not the id of a finding", at: node.place,
            repair: Spelling.nearest(to: text, among: acceptable))
        return nil
    }

    private func term(_ attribute: Acceptance.Attribute, _ node: YamlNode) -> Acceptance.Term? {
        guard let text = node.line(as: attribute.rawValue, log) else { return nil }
        guard !text.dropLast().contains("*") || attribute == .rule else {
            log.error("\(Printable.quoted(text)) has a * that is not its last character", at: node.place)
            return nil
        }
        guard text != "*" else {
            log.error(
                "\"*\" means any \(attribute.rawValue); omit \"\(attribute.rawValue)\" instead", at: node.place)
            return nil
        }
        return Acceptance.Term(attribute, text)
    }
}

extension PolicyLint {
    /// Warns of entries of `accepted` that are over, that have no reason, and that accept every finding of a kind.
    func check(_ acceptances: [(acceptance: Acceptance, place: SourceSpan)]) {
        for (acceptance, place) in acceptances {
            let id = Printable.quoted(acceptance.finding)
            if acceptance.why == nil { log.warning("accepted \(id) has no \"why\"", at: place) }
            if let now, let until = acceptance.until, until.end <= now {
                log.warning("accepted \(id) ended (\(until.written)): renew it or delete it", at: place)
            }
            if acceptance.ports.isEmpty && acceptance.terms.isEmpty && acceptance.finding != "unknown" {
                log.warning("every \(id) is accepted; name its table, port or process", at: place)
            }
        }
    }
}
