/// One file of a policy: the main file or an included one.
struct PolicyDocument {
    /// The top-level mapping.
    let keyed: KeyedNode

    /// The keys of the main file.
    private static let keys = [
        "version", "host", "defaults", "include", "sources", "deny", "never-deny", "trusted", "accepted",
        "services", "outbound", "forward", "masquerade", "tests",
    ]
    /// The keys of an included file.
    private static let includeKeys = [
        "version", "sources", "deny", "accepted", "services", "outbound", "forward", "masquerade", "tests",
    ]

    /// The main file at `path`, then the files that it includes, in order; empty after an error in the main file.
    ///
    /// With a `destination` the main file is read as if it were there.
    static func loadAll(
        _ path: String, as destination: String?, _ loader: FileLoader, _ log: DiagnosticLog
    ) -> [PolicyDocument] {
        guard let (file, own) = loader.load(path, namedAt: nil, as: destination),
            let root = YamlParser.parse(file, log),
            let keyed = KeyedNode(root, as: "a policy", keys: keys, log, home: home)
        else { return [] }
        checkVersion(keyed, isRequired: true, root.place, log)
        var documents = [PolicyDocument(keyed: keyed)]
        let included = includes(keyed, base: destination ?? (path == "-" ? "" : path), loader.files, log)
        guard !included.isEmpty else { return documents }
        // The file that the policy is to replace includes itself where a pattern matches it, and so will the policy.
        var seen: [[UInt64]: String] = [destination.flatMap(loader.files.identity) ?? own: file.path]
        for (path, place) in included {
            // Where it waits, a pattern may match it; it will not be there then.
            if destination != nil, loader.files.identity(of: path) == own { continue }
            guard let (file, identity) = loader.load(path, namedAt: place) else { continue }
            if let earlier = seen[identity] {
                log.error(
                    "\(Printable.quoted(path)) is included twice, first as \(Printable.quoted(earlier))", at: place)
                continue
            }
            seen[identity] = path
            if let document = include(file, log) { documents.append(document) }
        }
        return documents
    }

    /// The mapping of a policy that has a key which stands beside it; `nil` for a key that none has.
    private static func home(of key: String) -> String? {
        Defaults.home(of: key) ?? (Service.keys.contains(key) ? "a service" : nil)
    }

    private static func include(_ file: SourceFile, _ log: DiagnosticLog) -> PolicyDocument? {
        guard let root = YamlParser.parse(file, log) else { return nil }
        // The keys of the main file are known here, too, for a better message than "unknown key".
        guard let keyed = KeyedNode(root, as: "an include", keys: keys, log) else { return nil }
        for key in keys where !includeKeys.contains(key) {
            guard let place = keyed.place(of: key) else { continue }
            log.error("an included file cannot have \"\(key)\"; move it to the policy that includes it", at: place)
        }
        checkVersion(keyed, isRequired: false, root.place, log)
        return PolicyDocument(keyed: keyed)
    }

    private static func checkVersion(_ keyed: KeyedNode, isRequired: Bool, _ place: SourceSpan, _ log: DiagnosticLog) {
        guard let node = keyed["version"] else {
            if isRequired, keyed.lacks("version") {
                log.error("the policy has no \"version\"; add \"version: 1\"", at: place)
            }
            return
        }
        guard let text = node.text(as: "version", log), text != "1" else { return }
        log.error("unknown version \(Printable.quoted(text)); the only version is 1", at: node.place)
    }

    /// The paths in `include`, in order; the matches of each pattern are sorted.
    private static func includes(
        _ keyed: KeyedNode, base: String, _ files: any PolicyFiles, _ log: DiagnosticLog
    ) -> [(path: String, place: SourceSpan)] {
        guard let node = keyed["include"] else { return [] }
        if case .sequence(let items) = node.content, items.isEmpty { return [] }
        return node.texts(as: "include", log).flatMap { text, place -> [(path: String, place: SourceSpan)] in
            guard FilePattern.isPattern(text) else { return [(FilePattern.resolve(text, relativeTo: base), place)] }
            do throws(FileRefusal) {
                let paths = try FilePattern.expand(text, relativeTo: base, in: files)
                if paths.isEmpty, let directory = FilePattern.directory(of: text, relativeTo: base),
                    files.identity(of: directory) == nil
                {
                    log.warning(
                        "\(Printable.quoted(text)) matches no file: there is no directory \(Printable.text(directory))",
                        at: place)
                }
                return paths.map { ($0, place) }
            } catch {
                log.error("\(Printable.quoted(text)) \(error.message)", at: place)
                return []
            }
        }
    }
}
