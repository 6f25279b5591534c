internal import Addressing

/// Reads the lists that groups name, and holds each against its bounds.
///
/// A list that cannot be used is an error; or it is as it was when the policy was applied last, if that is known and asked for.
final class ListReader {
    private let loader: FileLoader
    private let log: DiagnosticLog
    private let keepsLast: Bool
    /// The lists, in the order of loading.
    private(set) var files: [ListFile] = []
    /// The lists that cannot be used, and were applied before.
    private(set) var refusals: [ListRefusal] = []
    private var readings: [Reading] = []
    /// The lists by path: a list that two groups name is read once.
    private var indices: [String: Int] = [:]

    private struct Reading {
        let file: SourceFile
        let list: AddressList
    }

    init(loader: FileLoader, log: DiagnosticLog, keepsLast: Bool) {
        self.loader = loader
        self.log = log
        self.keepsLast = keepsLast
    }

    /// Reads the list of an entry `{ file: path }` of a group; `nil` after an error.
    func read(_ node: YamlNode, of group: String) -> (list: Int, addresses: AddressSet)? {
        // An entry with "names" is read elsewhere; the key is known here for the sake of misspelt ones.
        let keys = ["file", "names"] + ListBounds.keys
        guard let keyed = KeyedNode(node, as: "an entry of a group", keys: keys, log) else { return nil }
        guard let file = keyed["file"] else {
            if keyed.lacks("file"), keyed.lacks("names") {
                log.error("an entry of a group lacks \"file\" or \"names\"", at: node.place)
            }
            return nil
        }
        guard let name = file.text(as: "file", log) else { return nil }
        let path = FilePattern.resolve(name, relativeTo: node.place.file.path)
        let bounds = ListBounds(decoding: keyed, log)
        if let index = indices[path] { return known(index, bounds, group, at: file.place) }
        guard let reading = reading(path, bounds, of: group, at: file.place) else { return nil }
        loader.keep(list: reading.file)
        indices[path] = files.count
        readings.append(reading)
        files.append(
            ListFile(
                path: path, location: file.place.location, groups: [group], bounds: bounds, count: reading.list.count))
        return (files.count - 1, reading.list.addresses)
    }

    private func known(
        _ index: Int, _ bounds: ListBounds, _ group: String, at place: SourceSpan
    ) -> (list: Int, addresses: AddressSet)? {
        let first = files[index]
        guard first.bounds == bounds else {
            let line = "\(Printable.text(first.location.file)):\(first.location.line)"
            log.error(
                "list \(Printable.quoted(first.path)) has other bounds at \(line); name it in one group, and that group here",
                at: place)
            return nil
        }
        if !first.groups.contains(group) { files[index].groups.append(group) }
        return (index, readings[index].list.addresses)
    }

    /// The list at `path`, or the last good one in its place; `nil` after an error.
    private func reading(
        _ path: String, _ bounds: ListBounds, of group: String, at place: SourceSpan
    ) -> Reading? {
        let trial = DiagnosticLog()
        var reading = loader.list(path, namedAt: place, trial).map {
            Reading(file: $0, list: AddressList($0, widest: bounds.widest ?? .usual, trial))
        }
        if let reading, !trial.hasErrors { check(reading, bounds, at: place, trial) }
        if trial.hasErrors, let last = lastGood(path) {
            let reason = trial.firstError(besides: place.file.path)
            refusals.append(ListRefusal(path: path, location: place.location, group: group, reason: reason))
            if keepsLast { return last }
        }
        if trial.hasErrors { reading = nil }
        log.add(trial)
        return reading
    }

    private func lastGood(_ path: String) -> Reading? {
        let trial = DiagnosticLog()
        let last = loader.lastList(path).map { Reading(file: $0, list: AddressList($0, trial)) }
        return trial.hasErrors ? nil : last
    }

    /// Reports a list that is out of its bounds.
    private func check(_ reading: Reading, _ bounds: ListBounds, at place: SourceSpan, _ log: DiagnosticLog) {
        let (file, list) = (reading.file, reading.list)
        var name: String { "list \(Printable.quoted(file.path))" }
        if let least = bounds.atLeast, list.count < least {
            log.error("\(name) has \(Self.entries(list.count)), fewer than \"at-least: \(least)\"", at: place)
        }
        if let most = bounds.atMost, list.count > most {
            log.error("\(name) has \(Self.entries(list.count)), more than \"at-most: \(most)\"", at: place)
        }
        if let widest = bounds.widest, let (entry, place) = list.wideEntry(in: file) {
            log.error(
                "\(Printable.quoted("\(entry)")) is wider than \"widest: \(widest.text(entry.family))\"", at: place)
        }
        let isEmptied = list.count == 0 && bounds.atLeast == nil
        if !bounds.isEmpty || isEmptied, let last = loader.lastList(file.path), last.bytes != file.bytes {
            compare(reading, with: last, bounds, at: place, log)
        }
        guard isEmptied, !log.hasErrors else { return }
        log.warning("\(name) has no addresses", at: place)
    }

    /// Reports a list that lost too many entries since the policy was applied, or that was cut off.
    private func compare(
        _ reading: Reading, with last: SourceFile, _ bounds: ListBounds, at place: SourceSpan, _ log: DiagnosticLog
    ) {
        let (file, count) = (reading.file, reading.list.count)
        var name: String { "list \(Printable.quoted(file.path))" }
        let lineBreak = UInt8(ascii: "\n")
        if !bounds.isEmpty, count > 0, last.bytes.last == lineBreak, file.bytes.last != lineBreak {
            let end = file.place(ofBytes: (file.bytes.count - 1)..<file.bytes.count)
            log.error("\(name) ends without a line break, as if it were cut off", at: end)
        }
        guard bounds.shrink != nil || count == 0 else { return }
        let before = AddressList(last, DiagnosticLog()).count
        if let shrink = bounds.shrink, count * 100 < before * (100 - shrink) {
            log.error(
                "\(name) has \(Self.entries(count)), but had \(before) when applied: it shrank more than \"shrink: \(shrink)%\" allows",
                at: place)
        } else if count == 0, before > 0, bounds.atLeast == nil {
            log.error(
                "\(name) has no entries, but had \(before) when applied; write \"at-least: 0\" if it may be empty",
                at: place)
        }
    }

    /// Warns of entries of lists under `deny` that shut out a large part of the internet.
    func warnOfWideEntries(among denied: Set<Int>) {
        for index in denied.sorted() where files[index].bounds.widest == nil {
            let reading = readings[index]
            guard let (entry, place) = reading.list.wideEntry(in: reading.file) else { continue }
            files[index].hasWideDenial = true
            let length = PrefixLengths.usual.text(entry.family)
            log.warning(
                "\(Printable.quoted("\(entry)")) in a list of \"deny\" is wider than \(length); \"widest\" beside the list says how wide an entry may be",
                at: place)
        }
    }

    private static func entries(_ count: Int) -> String { "\(count) entr\(count == 1 ? "y" : "ies")" }
}

extension DiagnosticLog {
    /// The first error in one sentence; with its place, unless that is in the file `path`.
    fileprivate func firstError(besides path: String) -> String {
        guard let first = sorted().first(where: { $0.severity == .error }) else { return "" }
        guard let place = first.location, place.file != path else { return first.message }
        return "\(Printable.text(place.file)):\(place.line): \(first.message)"
    }
}
