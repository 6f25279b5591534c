/// A section of a policy whose keys are names: `services`, `outbound`.
///
/// Its entries may stand in several files, and each name stands for one thing.
struct PolicySection {
    /// The key of the section.
    let key: String
    /// What an entry is called in messages.
    let noun: String
    /// The names that other sections have taken, each with the key of its section and its place.
    var taken: [String: (section: String, location: SourceLocation)] = [:]

    /// The first entry of each name, in the order of the files; reports the others.
    func entries(in documents: [PolicyDocument], _ log: DiagnosticLog) -> [YamlEntry] {
        var first: [String: SourceSpan] = [:]
        var found: [YamlEntry] = []
        for document in documents {
            guard let node = document.keyed[key] else { continue }
            for entry in node.uniqueEntries(as: "\"\(key)\"", log) ?? [] {
                let name = Printable.quoted(entry.key)
                if let earlier = first[entry.key] {
                    log.error("\(noun) \(name) is already defined at \(earlier.description)", at: entry.place)
                } else if let (section, place) = taken[entry.key] {
                    let other = "\(Printable.text(place.file)):\(place.line):\(place.column)"
                    log.error("\(name) is already an entry of \"\(section)\" at \(other)", at: entry.place)
                } else {
                    first[entry.key] = entry.place
                    found.append(entry)
                }
            }
        }
        return found
    }
}
