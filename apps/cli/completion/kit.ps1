# PowerShell completion for kit: dot-source this file in $PROFILE.
Register-ArgumentCompleter -Native -CommandName kit -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
    ForEach-Object {
      if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.ToString() }
    })
  # Older versions pass no empty word on; kit takes two double quotes for one.
  if ($wordToComplete -eq '') { $words += '""' }
  & kit complete '--' @words 2>$null | ForEach-Object {
    $value, $description = $_ -split [char]9, 2
    if (-not $description) { $description = $value }
    $text = if ($value -match '[^\w:/.=@%+-]') { "'" + ($value -replace "'", "''") + "'" } else { $value }
    [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $description)
  }
}
