public import Auditing
public import Kernel
public import Policies
internal import System

extension UsageBook {
    private static let name = "usage"
    private static let documentKind = "usage"

    /// Follows the counters from the saved reading to this one, and saves this one.
    ///
    /// A user who may not read or write the state has a book that begins now; it is no error.
    ///
    /// - Parameters:
    ///   - ruleset: the rulesets.
    ///   - location: the state directory.
    ///   - host: the host.
    ///   - span: `unused-after`.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    /// - Returns: the book, and a notice if the saved one cannot be used; one that cannot be read stays as it is.
    public static func reading(
        _ ruleset: WholeRuleset, at location: StateLocation, on host: ChangeHost, _ span: TimeSpan?, now: Int64
    ) -> (book: UsageBook, fault: Finding?) {
        let state = try? RulesetState(existingAt: location, on: host)
        guard let files = state?.files else { return (UsageBook().following(ruleset, on: host, span, now: now), nil) }
        func next(after saved: UsageBook?) -> UsageBook {
            (saved ?? UsageBook()).following(ruleset, on: host, span, now: now)
        }
        let bytes: [UInt8]?
        do throws(KernelError) { bytes = try files.read(name) } catch {
            // What it holds is not known, and may be months of history.
            return (next(after: nil), .unread(error))
        }
        let (saved, defect) = book(in: bytes)
        let book = next(after: saved)
        // Without a table the book stays as it is.
        let isNew = saved.map { book != $0 && !book.repeats($0) } ?? true
        if isNew, !defect.isNewer { try? files.write(name, book.document, .content) }
        return (book, defect.map { .unusable("\(files.directory)/\(name)", $0) })
    }

    private static func book(in bytes: [UInt8]?) -> (UsageBook?, StateDocument.Defect?) {
        guard let bytes else { return (nil, nil) }
        do throws(StateDocument.Defect) {
            let document = try StateDocument(bytes, kind: documentKind)
            guard let book = UsageBook(document) else { throw .corrupt }
            return (book, nil)
        } catch { return (nil, error) }
    }

    /// The file: a field for each service, with its numbers in decimal digits.
    private var document: StateDocument {
        var document = StateDocument(kind: Self.documentKind)
        document.append("boot", identity.boot)
        document.append("namespace", "\(identity.namespace)")
        document.append("table", "\(table)")
        document.append("uptime", "\(uptime)")
        document.append("time", "\(time)")
        for (name, usage) in services.sorted(by: { $0.key < $1.key }) {
            document.append("service", usage.text(name))
            // A field of its own, which earlier versions pass over.
            if !usage.days.isEmpty { document.append("days", usage.daysText(name)) }
        }
        return document
    }

    private init?(_ document: StateDocument) {
        guard let boot = document.text("boot"), let namespace: UInt64 = document.number("namespace"),
            let table: UInt64 = document.number("table"), let time = document.time("time"),
            let uptime: Int64 = document.number("uptime", in: 0...ServiceUsage.longest)
        else { return nil }
        self.init()
        (identity, self.table) = (RulesetIdentity(boot: boot, namespace: namespace), table)
        (self.uptime, self.time) = (uptime, time)
        for field in document.fields where field.name == "service" {
            let words = String(decoding: field.bytes, as: UTF8.self).split(separator: " ")
            guard let name = words.first, let usage = ServiceUsage(words.dropFirst()) else { return nil }
            services[String(name)] = usage
        }
        for field in document.fields where field.name == "days" {
            let words = String(decoding: field.bytes, as: UTF8.self).split(separator: " ")
            guard let name = words.first, let days = ServiceUsage.numbers(words.dropFirst()),
                days.allSatisfy({ $0.0 <= UInt64(ServiceUsage.longest) / 86_400_000 })
            else { return nil }
            services[String(name)]?.days = days.reduce(into: [:]) { $0[Int64($1.0)] = $1.1 }
        }
    }
}

extension StateDocument.Defect? {
    /// Whether a later version wrote the file, which must stay as it is.
    fileprivate var isNewer: Bool {
        guard case .newer = self else { return false }
        return true
    }
}

extension Finding {
    fileprivate static func unusable(_ path: String, _ defect: StateDocument.Defect) -> Finding {
        Finding(
            .unknown, .notice, "\(path) \(defect): service use is tracked from now on", aspect: "usage")
    }

    fileprivate static func unread(_ error: KernelError) -> Finding {
        Finding(.unknown, .notice, "service use is not tracked: \(error)", aspect: "usage")
    }
}

extension ServiceUsage {
    /// The longest time in a file, in milliseconds, so that sums of them cannot overflow.
    fileprivate static let longest: Int64 = 1 << 48

    private static let nothing = "-"

    /// The line of a service: name, first seen, last risen, quiet, unseen, then `handle=packets`.
    fileprivate func text(_ name: String) -> String {
        let counts = counters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let times = ["\(since)", lastRise.map { "\($0)" } ?? Self.nothing, "\(quiet)", "\(unseen)"]
        return ([name] + times + counts).joined(separator: " ")
    }

    fileprivate init?(_ words: ArraySlice<Substring>) {
        let times = words.prefix(4).map { Int64($0) }
        guard words.count >= 4, let since = times[0], let quiet = times[2], let unseen = times[3],
            times[1] != nil || words[words.startIndex + 1] == Self.nothing,
            times.allSatisfy({ $0.map((0...Self.longest).contains) ?? true })
        else { return nil }
        self.init(counters: [:], since: since, lastRise: times[1], quiet: quiet, unseen: unseen)
        guard let counts = Self.numbers(words.dropFirst(4)) else { return nil }
        for (handle, packets) in counts { counters[handle] = packets }
    }

    /// The line of its days: name, then `day=connections`.
    fileprivate func daysText(_ name: String) -> String {
        ([name] + days.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
    }

    /// Words of two numbers with `=` between them.
    fileprivate static func numbers(_ words: ArraySlice<Substring>) -> [(UInt64, UInt64)]? {
        let pairs = words.map { word -> (UInt64, UInt64)? in
            let parts = word.split(separator: "=").map { UInt64($0) }
            guard parts.count == 2, let key = parts[0], let value = parts[1] else { return nil }
            return (key, value)
        }
        return pairs.contains { $0 == nil } ? nil : pairs.compactMap(\.self)
    }
}
