# Completion of civi-ingress in PowerShell 7: the program itself says what can follow.

Register-ArgumentCompleter -Native -CommandName 'civi-ingress' -ScriptBlock {
    param($typed, $line, $cursor)
    $before = $line.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursor } |
        ForEach-Object { $_.Extent.Text }
    $program, $words = @($before)
    $prefix = if ($typed -match '^--[^=]*=') { $Matches[0] } else { '' }
    $answer = @(& $program __complete @words $typed 2>$null)
    $answer | Where-Object { -not $_.StartsWith(':') } | ForEach-Object {
        $text, $about = $_ -split "`t", 2
        $about = if ($about) { $about } else { $text }
        [System.Management.Automation.CompletionResult]::new(
            "$prefix$text", $text, 'ParameterValue', $about)
    }
}
