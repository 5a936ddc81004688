// Command terraform-validate holds files of Terraform's JSON against the schema of OpenStack's own provider, as `terraform
// validate` does: a variable, and what a resource comes to, stand for any value of their type. No cloud is asked.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/v3/openstack"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"
)

const (
	module = "github.com/terraform-provider-openstack/terraform-provider-openstack/v3"
	source = "terraform-provider-openstack/openstack"
)

func main() {
	log.SetOutput(io.Discard) // what the SDK says of itself
	faults, err := run(os.Args[1:])
	if err != nil {
		faults = append(faults, err)
	}
	for _, fault := range faults {
		fmt.Fprintln(os.Stderr, fault)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
}

// run says of each file how many resources it has, and all that is wrong with them.
func run(names []string) ([]error, error) {
	server := schema.NewGRPCProviderServer(openstack.Provider())
	known, err := server.GetProviderSchema(context.Background(), &tfprotov5.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return faults, err
		}
		count, found := validate(server, known.ResourceSchemas, text, name)
		faults = append(faults, found.Errs()...)
		fmt.Printf("%s: %d resources\n", name, count)
	}
	return faults, nil
}

// root is what of Terraform's language our files have.
var root = hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "terraform"},
	{Type: "variable", LabelNames: []string{"name"}},
	{Type: "resource", LabelNames: []string{"type", "name"}},
	{Type: "output", LabelNames: []string{"name"}},
}}

// validate counts the resources of a file, and says all that is wrong with it.
func validate(server tfprotov5.ProviderServer, known map[string]*tfprotov5.Schema, text []byte, name string) (int, hcl.Diagnostics) {
	file, found := json.Parse(text, name)
	if found.HasErrors() {
		return 0, found
	}
	content, more := file.Body.Content(&root)
	found = append(found, more...)
	blocks := content.Blocks.ByType()
	for _, block := range blocks["terraform"] {
		found = append(found, provider(block)...)
	}
	variables := make(map[string]cty.Value)
	for _, block := range blocks["variable"] {
		kind, more := variable(block)
		found = append(found, more...)
		variables[block.Labels[0]] = cty.UnknownVal(kind)
	}
	specs := make(map[string]hcldec.Spec)
	resources := make(map[string]map[string]cty.Value)
	for _, block := range blocks["resource"] {
		kind, name := block.Labels[0], block.Labels[1]
		schema, isKnown := known[kind]
		if !isKnown {
			found = append(found, fault(&block.LabelRanges[0], "the provider has no resource %q", kind))
			continue
		}
		if resources[kind] == nil {
			specs[kind] = spec(schema.Block)
			resources[kind] = make(map[string]cty.Value)
		}
		resources[kind][name] = cty.UnknownVal(hcldec.ImpliedType(specs[kind]))
	}
	values := map[string]cty.Value{"var": cty.ObjectVal(variables)}
	for kind, each := range resources {
		values[kind] = cty.ObjectVal(each)
	}
	names := &hcl.EvalContext{Variables: values}
	for _, block := range blocks["resource"] {
		if spec, isKnown := specs[block.Labels[0]]; isKnown {
			found = append(found, resource(server, block, spec, names)...)
		}
	}
	output := hcldec.ObjectSpec{
		"value":       &hcldec.AttrSpec{Name: "value", Type: cty.DynamicPseudoType, Required: true},
		"description": &hcldec.AttrSpec{Name: "description", Type: cty.String},
	}
	for _, block := range blocks["output"] {
		_, more := hcldec.Decode(block.Body, output, names)
		found = append(found, more...)
	}
	return len(blocks["resource"]), found
}

// provider holds what a file asks for against the provider that is in this program.
func provider(block *hcl.Block) hcl.Diagnostics {
	const own = "openstack"
	asked, found := hcldec.Decode(block.Body, &hcldec.AttrSpec{
		Name:     "required_providers",
		Type:     cty.Map(cty.Map(cty.String)),
		Required: true,
	}, nil)
	if found.HasErrors() {
		return found
	}
	for name, wanted := range asked.AsValueMap() {
		words := wanted.AsValueMap()
		constraint, err := version.NewConstraint(words["version"].AsString())
		if err != nil {
			return append(found, fault(&block.DefRange, "%v", err))
		}
		named := words["source"].AsString()
		if name != own || named != source || !constraint.Check(built()) {
			what := "%s from %s, %s: this is %s from %s, %s"
			found = append(found, fault(&block.DefRange, what, name, named, constraint, own, source, built()))
		}
	}
	return found
}

// built is the version of the provider in this program.
func built() *version.Version {
	info, _ := debug.ReadBuildInfo()
	for _, needed := range info.Deps {
		if needed.Path == module {
			return version.Must(version.NewVersion(needed.Version))
		}
	}
	panic("the provider is not in the program")
}

// variable is the type of a variable.
func variable(block *hcl.Block) (cty.Type, hcl.Diagnostics) {
	content, found := block.Body.Content(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{
		{Name: "type", Required: true}, {Name: "description"}, {Name: "nullable"}, {Name: "default"},
	}})
	if found.HasErrors() {
		return cty.DynamicPseudoType, found
	}
	kind, more := typeexpr.TypeConstraint(content.Attributes["type"].Expr)
	return kind, append(found, more...)
}

// resource has the provider judge one, after what Terraform itself judges by the schema.
func resource(server tfprotov5.ProviderServer, block *hcl.Block, spec hcldec.Spec, names *hcl.EvalContext) hcl.Diagnostics {
	value, found := hcldec.Decode(block.Body, spec, names)
	if found.HasErrors() {
		return found
	}
	config, err := msgpack.Marshal(value, hcldec.ImpliedType(spec))
	if err != nil {
		return append(found, fault(&block.DefRange, "%v", err))
	}
	answer, err := server.ValidateResourceTypeConfig(context.Background(), &tfprotov5.ValidateResourceTypeConfigRequest{
		TypeName: block.Labels[0],
		Config:   &tfprotov5.DynamicValue{MsgPack: config},
	})
	if err != nil {
		return append(found, fault(&block.DefRange, "%v", err))
	}
	// What it warns of, it will not take much longer.
	for _, each := range answer.Diagnostics {
		found = append(found, fault(&block.DefRange, "%s: %s %s", strings.Join(block.Labels, "."), each.Summary, each.Detail))
	}
	return found
}

// spec reads a block of the provider's schema as Terraform's core does.
func spec(block *tfprotov5.SchemaBlock) hcldec.Spec {
	all := make(hcldec.ObjectSpec)
	for _, attribute := range block.Attributes {
		all[attribute.Name] = &hcldec.AttrSpec{Name: attribute.Name, Type: typed(attribute.Type), Required: attribute.Required}
	}
	for _, nested := range block.BlockTypes {
		name, inner := nested.TypeName, spec(nested.Block)
		least, most := int(nested.MinItems), int(nested.MaxItems)
		switch nested.Nesting {
		case tfprotov5.SchemaNestedBlockNestingModeSingle:
			all[name] = &hcldec.BlockSpec{TypeName: name, Nested: inner, Required: least > 0}
		case tfprotov5.SchemaNestedBlockNestingModeList:
			all[name] = &hcldec.BlockListSpec{TypeName: name, Nested: inner, MinItems: least, MaxItems: most}
		case tfprotov5.SchemaNestedBlockNestingModeSet:
			all[name] = &hcldec.BlockSetSpec{TypeName: name, Nested: inner, MinItems: least, MaxItems: most}
		default:
			panic(fmt.Sprintf("%s is a block of a kind that this provider had none of", name))
		}
	}
	return all
}

func typed(kind tftypes.Type) cty.Type {
	text, err := kind.MarshalJSON() //nolint:staticcheck // the one way from one to the other
	if err != nil {
		panic(err)
	}
	same, err := ctyjson.UnmarshalType(text)
	if err != nil {
		panic(err)
	}
	return same
}

func fault(at *hcl.Range, what string, words ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: fmt.Sprintf(what, words...), Subject: at}
}
