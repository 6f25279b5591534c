internal import Printing

/// Commands of ufw(8), firewall-cmd(1) and systemctl(1), for people who know those.
enum ForeignWord {
    private static let opening =
        "to open a port, add a service with \"portreeve edit\"; \"portreeve grant\" lets one address in for a time"
    private static let shuttingOut =
        "\"portreeve ban\" shuts out an address for a time; for good, add it to \"deny\" with \"portreeve edit\""
    private static let closing = "to close a port, delete its service with \"portreeve edit\""
    private static let listing = "\"portreeve status\" lists the ports, and who can reach them"
    private static let undoing =
        "\"portreeve rollback\" goes back to an earlier change, which \"portreeve history\" lists"
    private static let loading = "\"portreeve apply\" loads the policy"
    private static let unloading = "\"portreeve remove\" deletes the table from the kernel"

    private static let words = [
        "allow": opening, "open": opening, "permit": opening, "accept": opening, "add": opening, "limit": opening,
        "deny": shuttingOut, "block": shuttingOut, "reject": shuttingOut, "drop": shuttingOut,
        "close": closing, "delete": closing, "insert": opening, "default": "see \"defaults\" in the policy",
        "list": listing, "ls": listing, "ports": listing, "info": listing, "services": listing, "service": listing,
        "watch": "\"portreeve verify --watch\" reports what changes; sessions and refusals also have --watch",
        "monitor": "\"portreeve verify --watch\" reports what changes; sessions and refusals also have --watch",
        "restore": undoing, "revert": undoing, "back": undoing,
        "enable": loading, "start": loading, "load": loading, "reload": loading, "restart": loading, "up": loading,
        "disable": unloading, "stop": unloading, "flush": unloading, "reset": unloading, "down": unloading,
        "log": "\"portreeve refusals\" shows who was refused", "logs": "\"portreeve refusals\" shows who was refused",
        "logging": "\"log\" under \"defaults\" in the policy says what is logged",
        "man": "\"man portreeve\" is the manual", "manual": "\"man portreeve\" is the manual",
        "completion": "\"portreeve --generate-completion-script bash\" prints it, also for zsh and fish",
        "test": "\"portreeve check\" runs the tests of the policy", "lint": "\"portreeve check\" does that",
        "validate": "\"portreeve check\" does that", "rules": "\"portreeve show\" prints the rules of the policy",
    ]

    /// What to run instead; `nil` for a word that is none of these.
    static func advice(_ word: String) -> String? {
        if MissingPolicy.isPath(word) { return "the command comes first, as in \"portreeve check \(word.shellWord)\"" }
        return words[word]
    }
}
