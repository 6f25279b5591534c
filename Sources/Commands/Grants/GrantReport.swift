internal import Addressing

/// What became of a grant or of its end.
struct GrantReport {
    /// What to say.
    let text: String
    /// The service.
    let service: String
    /// The addresses.
    let addresses: [AddressRange]
    /// When it ends; `nil` where it ended, or was not needed.
    var end: Int64?
    /// What was made; `nil` where there was nothing to do.
    var made: RulesetState.Made?

    /// Writes it.
    func write(to console: Console) {
        if console.isJSON {
            console.print(json)
        } else if !console.isQuiet {
            console.print(text)
        }
    }

    private var json: JSON {
        [
            "format_version": 1, "changed": .bool(made != nil), "service": .string(service),
            "address": addresses.count == 1 ? .string(addresses[0].description) : .null,
            "addresses": .array(addresses.map { .string($0.description) }), "until": JSON(end.map(UTCTime.text)),
            "change": made.map { .number($0.number) } ?? .null,
            "generation": made.map { .number(Int($0.generation)) } ?? .null, "message": .string(text),
        ]
    }
}
