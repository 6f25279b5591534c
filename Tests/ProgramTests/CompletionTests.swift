import TestSupport
import Testing

@Suite("Completion in bash", .privileged)
struct CompletionTests {
    /// Completes each line as bash does at its end; a policy with two services is that of the host.
    private static let script = """
        set -e
        mount -t tmpfs none /etc
        mkdir /etc/portreeve
        printf 'version: 1\\nservices:\\n  ssh: {ports: 22, from: any}\\n  web: {ports: 80, from: any}\\n' > /etc/portreeve/policy.yaml
        mount -t tmpfs none /mnt
        cd /mnt
        mkdir states
        touch site.yaml
        "$1" --generate-completion-script bash > script
        . ./script
        for line in "${@:2}"; do
            read -ra words <<< "$line"
            COMP_WORDS=("$1" "${words[@]}")
            [[ $line = *' ' ]] && COMP_WORDS+=("")
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            COMP_LINE="$1 $line"
            COMP_POINT=${#COMP_LINE}
            COMPREPLY=()
            _portreeve portreeve "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            echo "${COMPREPLY[*]}"
        done
        """

    @Test("Files, directories, services, areas and commands are completed")
    func words() throws {
        let lines = [
            ("pl", "plan"), ("check si", "site.yaml"), ("plan --out si", "site.yaml"),
            ("status --state-dir s", "states"), ("verify --only l", "listeners"), ("grant ", "ssh web"),
            ("revoke w", "web"), ("explain 192.0.2.1 w", "web"), ("sessions --service s", "ssh"),
            ("diff 1 si", "site.yaml"), ("verify --format j", "json junit"),
        ]
        let result = try Program.run(
            ["unshare", "-m", "bash", "-c", Self.script, "-", Portreeve.executable] + lines.map(\.0))
        let expected = lines.map { "\($0.1)\n" }.joined()
        #expect(result.status == 0 && result.output == expected && result.errors == "", "\(result)")
    }
}
