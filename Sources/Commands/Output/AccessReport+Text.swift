internal import Addressing
internal import Changes
internal import Policies
internal import Printing
internal import Reachability

extension AccessReport {
    /// The report for programs.
    var json: JSON {
        [
            "gained": .array(gained.map(\.json) + outbound.json.gained),
            "lost": .array(lost.map(\.json) + outbound.json.lost),
            "unknown": .array(unknown.map(\.json) + outbound.json.unknown),
        ]
    }

    /// All changes, those of a service's ports for the same sources in one line.
    func lines(_ console: Console) -> [String] {
        let sections: [([Row], String, Console.Style)] = [
            (gained, "+", .green), (lost, "-", .red), (unknown, "?", .yellow),
        ]
        return sections.flatMap { rows, sign, style in
            portTexts(of: rows).map { console.styled("\(sign) \($0)", style) }
        } + outbound.lines(console, atMost: .max, hint: nil)
    }
}

extension AccessReport.Row {
    /// At most this many sources are listed; the count covers all.
    static let listedSources = 100

    /// The row for programs; interfaces only if they are limited, rules only if they make the change unknown.
    var json: JSON {
        let count = change.sources.ipv4.ranges.count + change.sources.ipv6.ranges.count
        var members: [(String, JSON)] = [
            ("protocol", .string(trusted == nil ? change.transport.name : "any")),
            ("port", trusted == nil && change.transport.hasPorts ? ports.json : .null),
            ("family", .string(change.family.rawValue)), ("service", JSON(service)), ("direction", "in"),
            ("section", JSON(section)),
            ("sources", .array(change.sources.texts(atMost: Self.listedSources).map(JSON.string))),
            ("sources_count", .number(count)), ("witness", JSON(change.sources.witness?.description)),
        ]
        if let trusted { members.append(("trusted", .string(trusted))) }
        if !change.destinations.isEmpty { members.append(("addresses", .array(destinations.map(JSON.string)))) }
        if !change.interfaces.isEmpty { members.append(("interfaces", .array(interfaces.map(JSON.string)))) }
        if !change.doubts.isEmpty { members.append(("rules", .array(change.doubts.map { .string("\($0)") }))) }
        return .object(members)
    }

    /// The section of the policy that decides; `nil` for ports that no line is about.
    private var section: String? {
        if trusted != nil { return "trusted" }
        return service == nil ? nil : (isForward ? Service.Section.forward : .services).rawValue
    }

    /// The row for people.
    var text: String {
        let owner = (trusted ?? service).map { " (\($0))" } ?? ""
        let place = placeText
        let cause = change.doubts.first.map { ", because of the rule \"\($0)\"" } ?? ""
        return "\(portText)\(owner)\(place) from \(sourcesText)\(cause)"
    }

    /// The port, the protocol first.
    var portText: String { trusted == nil ? change.transport.text(ports) : "everything" }

    /// The sources in a few words.
    var sourcesText: String {
        change.sources.clientsText
    }

    /// The interfaces in words; none for all of them.
    var interfaces: [String] { change.interfaces.map { $0 ?? "others" } }

    /// The addresses of this host in words; none for all of them.
    var destinations: [String] {
        let named = change.destinations.filter { !$0.isRest }.compactMap(\.addresses)
        let all = AddressSet(ipv4: named.flatMap(\.ipv4.ranges), ipv6: named.flatMap(\.ipv6.ranges))
        return all.texts(atMost: Self.listedSources) + (change.destinations.contains(where: \.isRest) ? ["others"] : [])
    }

    /// The addresses and the interfaces after a space, if they are limited.
    var placeText: String {
        let at = destinations.isEmpty ? "" : " at " + destinations.listed(atMost: AddressSet.shownRanges)
        return at + (interfaces.isEmpty ? "" : " on \(interfaces.joined(separator: ", "))")
    }
}

extension AddressFamily {
    /// The name of the family: `IPv4`.
    var name: String { self == .ipv4 ? "IPv4" : "IPv6" }
}
