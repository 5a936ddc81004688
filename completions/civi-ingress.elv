# Completion of civi-ingress in elvish: the program itself says what can follow.

use str

set edit:completion:arg-completer[civi-ingress] = {|program @words|
  var directive = 0
  var prefix = ''
  if (str:has-prefix $words[-1] '--') {
    if (str:contains $words[-1] '=') {
      set prefix = (str:split &max=2 '=' $words[-1] | take 1)'='
    }
  }
  var none = $true
  (external $program) __complete $@words 2>/dev/null | from-lines | each {|line|
    if (str:has-prefix $line ':') {
      set directive = $line[1..]
    } else {
      set none = $false
      var text @about = (str:split &max=2 "\t" $line)
      var display = $text
      if (> (count $about) 0) {
        set display = $text'  ('$about[0]')'
      }
      edit:complex-candidate $prefix$text &display=$display
    }
  }
  if (and $none (not-eq $directive 4)) {
    edit:complete-filename (str:trim-prefix $words[-1] $prefix) | each {|path|
      if (or (eq $directive 0) (str:has-suffix $path[stem] '/')) {
        edit:complex-candidate $prefix$path[stem] &code-suffix=$path[code-suffix]
      }
    }
  }
}
